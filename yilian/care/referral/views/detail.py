"""The page of one hop."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from yilian.care.referral.forms import AssignForm
from yilian.care.referral.models import Referral
from yilian.care.referral.queries import actions as possible
from yilian.care.referral.queries.detail import HopDetail
from yilian.care.referral.queries.detail import detail as hop_detail
from yilian.care.referral.services.reading import open_referral
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find
from yilian.foundation.access.views import signed_in


@signed_in
@require_GET
def detail(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    open_referral(request.actor, referral_id)
    return render(request, "referral/detail.html", _context(request, referral_id))


@signed_in
@require_GET
def body(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    """The page's content alone: after a step, and when something changed."""
    return render_body(request, referral_id)


@signed_in
@require_GET
def actions(request: ActorRequest, referral_id: UUID) -> JsonResponse:
    """What may I do now? For other systems and for tests."""
    row = find(Referral.objects.visible_to(request.actor), referral_id)
    lines = possible.actions(request.actor, row)
    return JsonResponse(
        {
            "state": row.state,
            "revision": row.revision,
            "actions": [
                {"step": line.step.value, "needs": [need.value for need in line.needs]}
                for line in lines
            ],
        }
    )


def render_body(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    return render(request, "referral/_body.html", _context(request, referral_id))


def _context(request: ActorRequest, referral_id: UUID) -> dict[str, object]:
    found = hop_detail(request.actor, referral_id)
    return {"d": found, "hop": found.hop, "assign_form": _assign_form(found)}


def _assign_form(found: HopDetail) -> AssignForm | None:
    if not found.can_assign:
        return None
    return AssignForm(lambda: Referral.objects.get(pk=found.hop.id))
