"""Walls that stay lit by themselves: their list at the desk, and the screen."""

from typing import Any, Final, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from yilian.care.referral import policies
from yilian.care.referral.models import WallDisplay
from yilian.care.referral.queries import displays, wall
from yilian.care.referral.rules.display import COOKIE, HOURS, SALT
from yilian.care.referral.services import displays as services
from yilian.foundation.access.middleware import ActorRequest, origin_of
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import public, signed_in
from yilian.foundation.idempotency.answering import key_of
from yilian.foundation.identity.services import close_session
from yilian.foundation.parameters.queries import value_of
from yilian.kernel import calendar
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _

_WHO: Final = _("只有医疗机构的医师和转诊办公室可以打开转诊大屏。")
_SHOWS_NOBODY: Final = "a wall: its signed cookie opens one house's counts, no names"


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    require(policies.can_draft(request.actor), _WHO)
    return _listing(request)


@signed_in
@require_POST
def open_display(request: ActorRequest) -> HttpResponse:
    """The browser becomes the wall; as a rule nobody stays signed in on it."""
    place = request.POST.get("place", "")
    try:
        row = services.open_display(
            request.actor, key=key_of(request.POST), place=place
        )
    except Invalid as refusal:
        return _listing(request, place=place, errors=refusal.fields, status=422)
    if request.POST.get("leave"):
        close_session(request.actor, how="wall")
        logout(request)
    return _lit(redirect("referral:screen"), row)


@signed_in
@require_POST
def end_display(request: ActorRequest, display_id: UUID) -> HttpResponse:
    services.end_display(request.actor, display_id)
    return redirect("referral:displays")


@public(_SHOWS_NOBODY)
@never_cache
@require_GET
def screen(request: HttpRequest) -> HttpResponse:
    context = _context(request)
    if context is None:
        return redirect("referral:wall_ended")
    return render(request, "referral/wall.html", context)


@public(_SHOWS_NOBODY)
@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """What the screen asks for by the clock; once it is out, the page goes dark."""
    context = _context(request)
    if context is None:
        return HttpResponse(status=401)
    return render(request, "referral/_wall.html", context)


def _context(request: HttpRequest) -> dict[str, Any] | None:
    held = request.get_signed_cookie(COOKIE, default=None, salt=SALT)
    found = services.show(UUID(held), origin_of(request)) if held else None
    if found is None:
        return None
    row, actor = found
    now = timezone.now()
    return {
        "wall": wall.veiled_wall(wall.wall(actor, now)),
        "at": now,
        "house": actor.institution_name,
        "place": row.place,
        "board": reverse("referral:screen_board"),
        "until": row.ends_at,
        "is_display": True,
    }


def _lit(response: HttpResponseRedirect, row: WallDisplay) -> HttpResponse:
    response.set_signed_cookie(
        COOKIE,
        str(row.id),
        salt=SALT,
        expires=row.ends_at,
        path=reverse("referral:wall"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response


def _listing(
    request: ActorRequest,
    *,
    place: str = "",
    errors: object = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    context = {
        "lines": displays.displays(request.actor, now),
        "can_open": policies.can_open_display(request.actor),
        "hours": value_of(HOURS, calendar.local_day(now)),
        "idle_minutes": settings.YILIAN_IDLE_MINUTES,
        "place": place,
        "errors": cast(Any, errors) or {},
    }
    return render(request, "referral/displays.html", context, status=status)
