"""Addresses of the demo alone: `config/urls.py` leaves them out elsewhere, and the
views refuse besides."""

from django.urls import path

from yilian.demo import views

app_name = "demo"
urlpatterns = [
    path("cast", views.cast, name="cast"),
    path("enter", views.enter, name="enter"),
]
