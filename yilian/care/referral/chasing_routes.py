"""Addresses of what keeps referrals from lying: reminders, many at once, the wall."""

from typing import Final

from django.urls import URLPattern, path

from yilian.care.referral.views import chasing

CHASING: Final[list[URLPattern]] = [
    path("<uuid:referral_id>/nudge", chasing.nudge, name="nudge"),
    path("<uuid:referral_id>/next", chasing.next_page, name="next_hospital"),
]
