"""Beds and appointments of one's own house."""

from django.urls import path, register_converter

from yilian.resources.scheduling import views
from yilian.resources.scheduling.forms import DayConverter

register_converter(DayConverter, "day")

app_name = "scheduling"
urlpatterns = [
    path("", views.places, name="places"),
    path("ward-load", views.ward_load, name="ward_load"),
    path("of/<uuid:institution_id>", views.of_institution, name="of_institution"),
    path("<uuid:department_id>/slots", views.open_slots, name="open_slots"),
    path("<uuid:department_id>/slots/<day:day>", views.slots, name="slots"),
    path("<uuid:department_id>/beds", views.open_beds, name="open_beds"),
    path("beds/<uuid:bed_id>/close", views.close_bed, name="close_bed"),
    path("beds/<uuid:bed_id>/reopen", views.reopen_bed, name="reopen_bed"),
    path("beds/<uuid:bed_id>/quota", views.change_quota, name="change_quota"),
    path("slots/<uuid:slot_id>/cancel", views.cancel_slot, name="cancel_slot"),
]
