"""The page of beds and appointments; every change answers with its department."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Invalid, NotFound
from yilian.resources.scheduling import policies, queries, services
from yilian.resources.scheduling.forms import (
    CancelSlotForm,
    OpenBedsForm,
    OpenSlotsForm,
    QuotaForm,
)
from yilian.resources.scheduling.rules import QUOTA_NAMES


@signed_in
@require_GET
def places(request: ActorRequest) -> HttpResponse:
    context = _context(request) | {"departments": queries.places_of(request.actor)}
    return render(request, "scheduling/places.html", context)


@signed_in
@require_GET
def ward_load(request: ActorRequest) -> HttpResponse:
    """The side bar's card of beds, for pages of other modules."""
    here = request.actor.institution_id
    loads = queries.ward_load(here) if here else []
    return render(request, "scheduling/_ward_load.html", {"loads": loads})


@signed_in
@require_GET
def of_institution(request: ActorRequest, institution_id: UUID) -> HttpResponse:
    """A card of an institution's page: counts, for whoever is signed in."""
    context = {
        "departments": queries.free_by_department(institution_id),
        "is_own": institution_id == request.actor.institution_id,
    }
    return render(request, "scheduling/_of_institution.html", context)


@signed_in
@require_POST
def open_slots(request: ActorRequest, department_id: UUID) -> HttpResponse:
    form = OpenSlotsForm(request.POST)
    if not form.is_valid():
        return _department(request, department_id, status=422, slots_form=form)
    services.open_slots(request.actor, department_id=department_id, **form.facts())
    return _department(request, department_id)


@signed_in
@require_POST
def open_beds(request: ActorRequest, department_id: UUID) -> HttpResponse:
    form = OpenBedsForm(request.POST)
    if not form.is_valid():
        return _department(request, department_id, status=422, beds_form=form)
    services.open_beds(request.actor, department_id=department_id, **form.facts())
    return _department(request, department_id)


@signed_in
@require_POST
def close_bed(request: ActorRequest, bed_id: UUID) -> HttpResponse:
    bed = services.close_bed(request.actor, bed_id)
    return _department(request, bed.department_id, shows_beds=True)


@signed_in
@require_POST
def reopen_bed(request: ActorRequest, bed_id: UUID) -> HttpResponse:
    bed = services.reopen_bed(request.actor, bed_id)
    return _department(request, bed.department_id, shows_beds=True)


@signed_in
@require_POST
def change_quota(request: ActorRequest, bed_id: UUID) -> HttpResponse:
    form = QuotaForm(request.POST)
    if not form.is_valid():
        raise Invalid
    bed = services.change_quota(request.actor, bed_id, **form.cleaned_data)
    return _department(request, bed.department_id, shows_beds=True)


@signed_in
@require_GET
def slots(request: ActorRequest, department_id: UUID, day: date) -> HttpResponse:
    return _slots(request, department_id, day)


@signed_in
@require_POST
def cancel_slot(request: ActorRequest, slot_id: UUID) -> HttpResponse:
    form = CancelSlotForm(request.POST)
    if not form.is_valid():
        raise Invalid(fields={"reason": str(form.errors["reason"][0])})
    slot = services.cancel_slot(request.actor, slot_id, **form.cleaned_data)
    return _slots(request, slot.department_id, queries.day_of(slot))


def _department(
    request: ActorRequest, department_id: UUID, status: int = 200, **forms: Any
) -> HttpResponse:
    found = queries.places_of(request.actor)
    shown = [place for place in found if place.load.department_id == department_id]
    if not shown:
        raise NotFound
    context = _context(request) | {"place": shown[0]} | forms
    return render(request, "scheduling/_department.html", context, status=status)


def _slots(request: ActorRequest, department_id: UUID, day: date) -> HttpResponse:
    context = _context(request) | {
        "day": day,
        "slots": queries.slots_on(request.actor, department_id, day),
    }
    return render(request, "scheduling/_slots.html", context)


def _context(request: ActorRequest) -> dict[str, Any]:
    return {
        "can_keep": policies.can_keep_own_places(request.actor),
        "slots_form": OpenSlotsForm.fresh(),
        "beds_form": OpenBedsForm(),
        "quotas": list(QUOTA_NAMES.items()),
        "quota_names": QUOTA_NAMES,
    }
