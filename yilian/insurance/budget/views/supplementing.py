"""Correcting a confirmed year: the form, with what was settled late beside it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from yilian.foundation.access.forms import show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.budget import policies, services
from yilian.insurance.budget.forms import SupplementForm
from yilian.insurance.budget.queries import clearings
from yilian.insurance.budget.services.keeping import INSURERS
from yilian.insurance.budget.services.supplementing import late_until_now
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.money import from_fen


@signed_in
@require_http_methods(["GET", "POST"])
def page(request: ActorRequest, clearing_id: UUID) -> HttpResponse:
    row = clearings.visible_clearing(request.actor, clearing_id)
    require(policies.can_clear(request.actor, row.pool), INSURERS)
    form = SupplementForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = services.supplement(
                request.actor,
                clearing_id,
                key=form.facts()["key"],
                corrections=form.corrections(),
            )
        except (Invalid, Conflict) as error:
            show(form, error)
        else:
            return redirect("budget:clearing", made.pk)
    late = late_until_now(row.pool)
    context = {
        "row": row,
        "pool": row.pool,
        "form": form,
        "late_inside": from_fen(late.inside),
        "late_outside": from_fen(late.outside),
    }
    status = 422 if form.is_bound else 200
    return render(request, "budget/supplement.html", context, status=status)
