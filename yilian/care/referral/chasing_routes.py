"""Addresses of what keeps referrals from lying: reminders, many at once, the wall."""

from typing import Final

from django.urls import URLPattern, path

from yilian.care.referral.views import bulk, chasing, displays, wall

CHASING: Final[list[URLPattern]] = [
    path("wall", wall.wall, name="wall"),
    path("wall/board", wall.board, name="wall_board"),
    path("wall/ended", wall.ended, name="wall_ended"),
    path("wall/screen", displays.screen, name="screen"),
    path("wall/screen/board", displays.board, name="screen_board"),
    path("displays", displays.listing, name="displays"),
    path("displays/open", displays.open_display, name="open_display"),
    path("displays/<uuid:display_id>/end", displays.end_display, name="end_display"),
    path("bulk", bulk.choose, name="bulk"),
    path("bulk/preview", bulk.preview, name="bulk_preview"),
    path("bulk/do", bulk.carry_out, name="bulk_do"),
    path("<uuid:referral_id>/nudge", chasing.nudge, name="nudge"),
    path("<uuid:referral_id>/next", chasing.next_page, name="next_hospital"),
]
