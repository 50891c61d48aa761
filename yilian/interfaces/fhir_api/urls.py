"""FHIR R4 for reading, behind the session login."""

from django.urls import path, re_path

from yilian.interfaces.fhir_api import posting, views

app_name = "fhir"
_TYPE = r"(?P<type_name>[A-Z][A-Za-z]{1,39})"
_ID = r"(?P<resource_id>[A-Za-z0-9.\-]{1,64})"

urlpatterns = [
    path("metadata", views.metadata, name="metadata"),
    path("Claim", posting.claim, name="claim"),
    path("CoverageEligibilityRequest", posting.eligibility, name="eligibility"),
    re_path(rf"^{_TYPE}$", views.search, name="search"),
    re_path(rf"^{_TYPE}/{_ID}$", views.read, name="read"),
    re_path(rf"^{_TYPE}/{_ID}/_history$", views.history, name="history"),
    re_path(
        rf"^{_TYPE}/{_ID}/_history/(?P<version>[0-9]{{1,9}})$",
        views.read_version,
        name="version",
    ),
]
