"""Consortia and agreements."""

from django.urls import path

from yilian.registry.consortium.views import members, pages

app_name = "consortium"
urlpatterns = [
    path("", pages.list_page, name="list"),
    path("new", members.found, name="found"),
    path("<uuid:consortium_id>", pages.detail, name="detail"),
    path("<uuid:consortium_id>/join", members.join, name="join"),
    path("members/<uuid:membership_id>/leave", members.leave, name="leave"),
    path("of/<uuid:institution_id>", pages.of_institution, name="of_institution"),
    path(
        "agreements/of/<uuid:institution_id>",
        pages.agreements_of_institution,
        name="agreements_of_institution",
    ),
    path("agreements/new", pages.draft, name="draft"),
    path("agreements/<uuid:agreement_id>", pages.agreement, name="agreement"),
    path("agreements/<uuid:agreement_id>/sign", pages.sign, name="sign"),
    path("agreements/<uuid:agreement_id>/end", pages.end, name="end"),
]
