"""The reception of one's own house."""

from django.urls import path

from yilian.resources.reception import views

app_name = "reception"
urlpatterns = [
    path("", views.today, name="today"),
    path("receive/<uuid:person_id>", views.receive, name="receive"),
    path("receive/<uuid:person_id>/code", views.ask_code, name="ask_code"),
    path("<uuid:encounter_id>/depart", views.depart, name="depart"),
    path("<uuid:encounter_id>/proof", views.prove, name="prove"),
    path("<uuid:encounter_id>/error", views.enter_in_error, name="enter_in_error"),
]
