"""If this goes on: what other numbers would make of the year."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import find, require
from yilian.foundation.access.views import signed_in
from yilian.insurance.budget import policies
from yilian.insurance.budget.forms import WishForm
from yilian.insurance.budget.models import Pool
from yilian.insurance.budget.queries import curve
from yilian.insurance.budget.services import note_look
from yilian.insurance.budget.views.pools import NAMES
from yilian.kernel.money import from_fen
from yilian.kernel.text import _


@signed_in
@require_GET
def page(request: ActorRequest, pool_id: UUID) -> HttpResponse:
    pool = find(
        Pool.objects.visible_to(request.actor).select_related("consortium"), pool_id
    )
    require(
        policies.can_simulate(request.actor, pool),
        _("模拟给医保经办、医联体办公室和卫健管理人员看。"),
    )
    asked = WishForm(request.GET) if request.GET else None
    wish = asked.wish() if asked else None
    trial = curve.simulation(request.actor, pool.pk, wish)
    note_look(request.actor, "simulate", pool)
    form = asked or WishForm(initial=_initial(trial))
    context = {"pool": pool, "form": form, "trial": trial, "yuan_of": from_fen, **NAMES}
    status = 422 if asked and not asked.is_valid() else 200
    return render(request, "budget/simulate.html", context, status=status)


def _initial(trial: curve.Trial | None) -> dict[str, object]:
    if trial is None:
        return {}
    return {
        "outflow_points": trial.wish.outflow_points,
        "compliance_points": trial.wish.compliance_points,
        "inside_price": trial.wish.inside_price,
        "stays_inside": trial.wish.stays_inside,
    }
