"""Addresses of the referral module."""

from django.urls import path

from yilian.care.referral.chasing_routes import CHASING
from yilian.care.referral.routes import ROUTES
from yilian.care.referral.views import detail, lists, steps

app_name = "referral"
urlpatterns = [
    path("", lists.desk, name="desk"),
    path("sent", lists.sent, name="sent"),
    path("desk/count", lists.desk_count, name="desk_count"),
    path("sent/count", lists.sent_count, name="sent_count"),
    path("desk/urgent", lists.urgent_tag, name="urgent_tag"),
    path("desk/duty", lists.duty, name="duty"),
    path("expected", lists.expected, name="expected"),
    path("expected/<uuid:person_id>", lists.expected_of, name="expected_of"),
    path("of/<uuid:person_id>", lists.of_person, name="of_person"),
    *ROUTES,
    *CHASING,
    path("<uuid:referral_id>", detail.detail, name="detail"),
    path("<uuid:referral_id>/body", detail.body, name="body"),
    path("<uuid:referral_id>/actions", detail.actions, name="actions"),
    path("<uuid:referral_id>/assign", steps.assign, name="assign"),
    path("<uuid:referral_id>/form/<str:name>", steps.form, name="form"),
    path("<uuid:referral_id>/<str:name>", steps.take, name="take"),
]
