"""Consortia and agreements."""

from django.urls import path

from yilian.registry.consortium import views

app_name = "consortium"
urlpatterns = [
    path("", views.list_page, name="list"),
    path("<uuid:consortium_id>", views.detail, name="detail"),
    path("of/<uuid:institution_id>", views.of_institution, name="of_institution"),
    path(
        "agreements/of/<uuid:institution_id>",
        views.agreements_of_institution,
        name="agreements_of_institution",
    ),
    path("agreements/new", views.draft, name="draft"),
    path("agreements/<uuid:agreement_id>", views.agreement, name="agreement"),
    path("agreements/<uuid:agreement_id>/sign", views.sign, name="sign"),
    path("agreements/<uuid:agreement_id>/end", views.end, name="end"),
]
