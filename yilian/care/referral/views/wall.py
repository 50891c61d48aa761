"""The desk on the wall of the referral office."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from yilian.care.referral import policies
from yilian.care.referral.queries import wall as walls
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import public, signed_in
from yilian.kernel.text import _

_WHO = _("只有医疗机构的医师和转诊办公室可以打开转诊大屏。")


@signed_in
@never_cache
@require_GET
def wall(request: ActorRequest) -> HttpResponse:
    require(policies.can_draft(request.actor), _WHO)
    return render(request, "referral/wall.html", _context(request))


@signed_in
@never_cache
@require_GET
def board(request: ActorRequest) -> HttpResponse:
    """What the screen asks for by itself: no touch, so the session ends in its time."""
    require(policies.can_draft(request.actor), _WHO)
    return render(request, "referral/_wall.html", _context(request))


@public("says only that the wall screen has stopped")
@never_cache
@require_GET
def ended(request: HttpRequest) -> HttpResponse:
    sign_in = f"{resolve_url(settings.LOGIN_URL)}?next={reverse('referral:displays')}"
    return render(request, "referral/wall_ended.html", {"sign_in": sign_in})


def _context(request: ActorRequest) -> dict[str, object]:
    now = timezone.now()
    return {
        "wall": walls.wall(request.actor, now),
        "at": now,
        "house": request.actor.institution_name,
        "board": reverse("referral:wall_board"),
        "is_display": False,
    }
