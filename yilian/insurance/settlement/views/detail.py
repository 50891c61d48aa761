"""One settlement: the bill as a calculation that a clerk can read and answer for."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.insurance.settlement.services.reading import open_settlement
from yilian.insurance.settlement.views.told import shares, steps_told


@signed_in
@require_GET
def detail(request: ActorRequest, settlement_id: UUID) -> HttpResponse:
    found = open_settlement(request.actor, settlement_id)
    context = {
        "found": found,
        "line": found.line,
        "shares": shares(found),
        "years": steps_told(found.years),
    }
    return render(request, "settlement/detail.html", context)
