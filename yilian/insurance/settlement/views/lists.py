"""Settlements that somebody may see, and the bills that wait."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.queries.listing import Wanted
from yilian.insurance.settlement.rules.case import REFERRAL_NAMES, Kind, Referral
from yilian.insurance.settlement.rules.names import KIND_NAMES
from yilian.insurance.settlement.services import reading
from yilian.kernel.text import _


@signed_in
@require_GET
def settlements(request: ActorRequest) -> HttpResponse:
    wanted = _wanted(request)
    page = reading.open_settlements(request.actor, wanted, request.GET.get("cursor"))
    context: dict[str, Any] = {
        "page": page,
        "wanted": wanted,
        "tabs": tabs(request, "settled"),
        "services": [(kind.value, name) for kind, name in KIND_NAMES.items()],
        "states": [(state.value, name) for state, name in REFERRAL_NAMES.items()],
    }
    return render(request, "settlement/settlements.html", context)


@signed_in
@require_GET
def waiting(request: ActorRequest) -> HttpResponse:
    page = reading.open_waiting(request.actor, request.GET.get("cursor"))
    context = {
        "page": page,
        "tabs": tabs(request, "waiting"),
        "may_settle": policies.is_insurer(request.actor),
    }
    return render(request, "settlement/waiting.html", context)


def tabs(request: ActorRequest, current: str) -> list[tuple[str, str, bool, None]]:
    """Words, address, whether it is this one."""
    found = [
        (_("已结算"), "settlement:list", "settled"),
        (_("待结算"), "settlement:waiting", "waiting"),
    ]
    return [(words, reverse(name), key == current, None) for words, name, key in found]


def _wanted(request: ActorRequest) -> Wanted:
    """From a URL; what cannot be read is as if it were not asked."""
    asked = request.GET
    kind, state = asked.get("kind", ""), asked.get("state", "")
    return Wanted(
        person_id=_uuid(asked.get("person", "")),
        institution_id=_uuid(asked.get("house", "")),
        kind=Kind(kind) if kind in Kind._value2member_map_ else None,
        state=Referral(state) if state in Referral._value2member_map_ else None,
        text=asked.get("text", "")[:40],
        everything=asked.get("everything") == "on",
    )


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None
