"""Who is here, who comes, who leaves."""

from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Invalid
from yilian.registry.population.forms import place
from yilian.registry.population.ports import demo_card_of
from yilian.registry.population.queries import card
from yilian.resources.reception import policies, queries, services
from yilian.resources.reception.forms import (
    DepartForm,
    ProofForm,
    ReceiveForm,
)
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import (
    DISPOSITION_NAMES,
    KIND_NAMES,
    PRESENCE_NAMES,
    PROVEN,
    Presence,
)
from yilian.resources.reception.services.presence import NOT_RECEIVING


@signed_in
@require_GET
def today(request: ActorRequest) -> HttpResponse:
    context = _context(request) | {"lines": queries.present(request.actor)}
    return render(request, "reception/today.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def receive(request: ActorRequest, person_id: UUID) -> HttpResponse:
    """The short form for somebody found in the register."""
    require(policies.can_receive(request.actor), NOT_RECEIVING)
    departments = queries.departments_here(request.actor)
    if request.method == "GET":
        first = {"presence": Presence.CARD.value, "kind": "outpatient"}
        form = ReceiveForm(initial=first, departments=departments)
        return _receive(request, person_id, form)
    form = ReceiveForm(request.POST, departments=departments)
    if not form.is_valid():
        return _receive(request, person_id, form, status=422)
    try:
        services.open_encounter(request.actor, person_id=person_id, **form.facts())
    except Invalid as refusal:
        place(refusal, form)
        return _receive(request, person_id, form, status=422)
    return HttpResponseRedirect(reverse("reception:today"))


@signed_in
@require_POST
def ask_code(request: ActorRequest, person_id: UUID) -> HttpResponse:
    code = services.ask_presence_code(request.actor, person_id)
    return render(request, "reception/_code_sent.html", {"code": code})


@signed_in
@require_POST
def depart(request: ActorRequest, encounter_id: UUID) -> HttpResponse:
    form = DepartForm(request.POST)
    if not form.is_valid():
        raise _invalid(form)
    services.close_encounter(request.actor, encounter_id, **form.cleaned_data)
    return HttpResponse("")


@signed_in
@require_POST
def prove(request: ActorRequest, encounter_id: UUID) -> HttpResponse:
    form = ProofForm(request.POST)
    if not form.is_valid():
        raise _invalid(form)
    encounter = services.prove_presence(
        request.actor, encounter_id, **form.cleaned_data
    )
    return _row(request, encounter)


@signed_in
@require_POST
def enter_in_error(request: ActorRequest, encounter_id: UUID) -> HttpResponse:
    services.enter_in_error(request.actor, encounter_id)
    return HttpResponse("")


def _row(request: ActorRequest, encounter: Encounter) -> HttpResponse:
    context = _context(request) | {
        "line": queries.present_line(request.actor, encounter)
    }
    return render(request, "reception/_row.html", context)


def _receive(
    request: ActorRequest, person_id: UUID, form: ReceiveForm, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "card": card(request.actor, person_id),
        "demo_card": demo_card_of(person_id),
    }
    return render(request, "reception/receive.html", context, status=status)


def _invalid(form: Form) -> Invalid:
    return Invalid(
        fields={name: str(errors[0]) for name, errors in form.errors.items()}
    )


def _context(request: ActorRequest) -> dict[str, Any]:
    return {
        "can_receive": policies.can_receive(request.actor),
        "dispositions": list(DISPOSITION_NAMES.items()),
        "proofs": [(one, PRESENCE_NAMES[one]) for one in PROVEN],
        "kind_names": KIND_NAMES,
        "presence_names": PRESENCE_NAMES,
    }
