"""Parts of a person's page, each by itself, and one resource as people read it."""

from django.urls import path, re_path

from yilian.record import views

app_name = "record"

urlpatterns = [
    path("<uuid:person_id>/timeline", views.timeline, name="timeline"),
    path("<uuid:person_id>/problems", views.problems, name="problems"),
    path("<uuid:person_id>/medications", views.medications, name="medications"),
    path("<uuid:person_id>/results", views.results, name="results"),
    path("<uuid:person_id>/documents", views.documents, name="documents"),
    path("<uuid:person_id>/advice", views.advice, name="advice"),
    re_path(
        r"^(?P<type_name>[A-Z][A-Za-z]{1,39})/(?P<resource_id>[A-Za-z0-9.\-]{1,64})$",
        views.resource,
        name="resource",
    ),
]
