"""Addresses below /insurance/scenarios."""

from django.urls import path

from yilian.insurance.whatif.views import scenarios

app_name = "whatif"
urlpatterns = [
    path("", scenarios.listing, name="list"),
    path("new", scenarios.new, name="new"),
    path("<uuid:scenario_id>", scenarios.scenario, name="scenario"),
    path("<uuid:scenario_id>/export", scenarios.export, name="export"),
]
