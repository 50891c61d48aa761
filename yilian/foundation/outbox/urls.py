"""Events and their dead letters."""

from django.urls import path

from yilian.foundation.outbox import views

app_name = "outbox"
urlpatterns = [
    path("", views.letters, name="list"),
    path("<uuid:delivery_id>/resend", views.resend, name="resend"),
]
