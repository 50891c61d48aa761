"""Residents: numbers and names never stand in these addresses."""

from django.urls import path

from yilian.registry.population import views

app_name = "population"
urlpatterns = [
    path("", views.search, name="search"),
    path("register", views.register, name="register"),
    path("reviews", views.reviews, name="reviews"),
    path("reviews/<uuid:break_glass_id>", views.review, name="review"),
    path("<uuid:person_id>", views.person, name="person"),
    path("<uuid:person_id>/reveal", views.reveal, name="reveal"),
    path("<uuid:person_id>/emergency", views.break_glass, name="break_glass"),
]
