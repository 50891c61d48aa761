"""Fragments on lower pages: what a referral costs, and what it does to two houses."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.insurance.settlement.services import estimates
from yilian.insurance.settlement.services.estimates import Plan, Told
from yilian.insurance.settlement.views.told import one_way

OUTSIDE = "outside"


@signed_in
@require_GET
def of_referral(request: ActorRequest, referral_id: UUID) -> HttpResponse:
    return _fragment(request, estimates.of_referral(request.actor, referral_id))


@signed_in
@require_GET
def of_person(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """The place on the form of a new referral: it asks again as the form changes."""
    told = estimates.of_plan(request.actor, Plan(person_id=person_id))
    context = {"person_id": person_id, "told": told}
    return render(request, "settlement/_estimate_for.html", context)


@signed_in
@require_POST
def of_plan(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """By POST: diagnosis and destination do not belong in an address."""
    asked = request.POST.get("to_institution_id", "").partition(":")[0]
    plan = Plan(
        person_id=person_id,
        diagnosis_code=request.POST.get("diagnosis_code", "")[:20],
        source_id=request.actor.institution_id,
        target_id=_uuid(asked),
        is_outside=asked == OUTSIDE,
    )
    return _fragment(request, estimates.of_plan(request.actor, plan))


def _fragment(request: ActorRequest, told: Told) -> HttpResponse:
    if told.is_over:
        return HttpResponse("")
    found = told.estimate
    context = {
        "told": told,
        "found": found,
        "ways": [
            (one_way(side.steps), side)
            for side in (found.with_referral, found.without_referral)
        ]
        if found
        else [],
        "effect_steps": one_way(told.effect.steps) if told.effect else [],
    }
    return render(request, "settlement/_estimate.html", context)


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None
