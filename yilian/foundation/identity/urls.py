"""The door."""

from django.urls import path

from yilian.foundation.identity import views

app_name = "identity"
urlpatterns = [
    path("sign-in", views.sign_in, name="sign_in"),
    path("sign-out", views.sign_out, name="sign_out"),
    path("post", views.switch_post, name="switch_post"),
    path("password", views.password, name="password"),
    path("resident", views.resident, name="resident"),
    path("resident/code", views.resident_code, name="resident_code"),
]
