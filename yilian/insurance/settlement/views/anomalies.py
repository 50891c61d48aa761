"""Suspicions to look through and to judge, one by one, with a reason."""

from decimal import Decimal
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.insurance.settlement.forms import JudgeForm
from yilian.insurance.settlement.queries.anomalies import count_open
from yilian.insurance.settlement.rules.anomalies import GROUND
from yilian.insurance.settlement.rules.ledger import (
    SUSPICION_NAMES,
    SUSPICION_STATE_NAMES,
    Suspicion,
    SuspicionState,
)
from yilian.insurance.settlement.services.supervising import judge, open_anomalies
from yilian.insurance.settlement.views.rooms import rooms
from yilian.kernel.errors import Invalid


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    return _page(request)


@signed_in
@require_POST
def take(request: ActorRequest, anomaly_id: UUID) -> HttpResponse:
    form = JudgeForm(request.POST)
    if form.is_valid():
        clean = form.cleaned_data
        try:
            judge(
                request.actor,
                anomaly_id,
                is_confirmed=request.POST.get("found") == "confirmed",
                note=clean["note"],
                amount=clean["amount"] or Decimal(0),
            )
        except Invalid as error:
            show(form, error)
        else:
            return redirect("settlement:anomalies")
    return _page(request, anomaly_id, form)


def _page(
    request: ActorRequest, open_id: UUID | None = None, form: JudgeForm | None = None
) -> HttpResponse:
    state = _state(request.GET.get("state", ""))
    kind = _kind(request.GET.get("kind", ""))
    page = open_anomalies(request.actor, state, kind, request.GET.get("cursor"))
    base = reverse("settlement:anomalies")
    number = count_open(request.actor)
    context = {
        "page": page,
        "state": state,
        "kind": kind,
        "tabs": [
            (
                SUSPICION_STATE_NAMES[one],
                f"{base}?state={one.value}",
                one is state,
                number if one is SuspicionState.OPEN else None,
            )
            for one in SuspicionState
        ],
        "kinds": [(one.value, name) for one, name in SUSPICION_NAMES.items()],
        "rooms": rooms(request.actor, "anomalies"),
        "form": form or JudgeForm(),
        "blank": JudgeForm(),
        "open_id": open_id,
        "ground": GROUND,
    }
    return render(
        request, "settlement/anomalies.html", context, status=422 if form else 200
    )


def _state(raw: str) -> SuspicionState:
    known = SuspicionState._value2member_map_
    return SuspicionState(raw) if raw in known else SuspicionState.OPEN


def _kind(raw: str) -> Suspicion | None:
    return Suspicion(raw) if raw in Suspicion._value2member_map_ else None
