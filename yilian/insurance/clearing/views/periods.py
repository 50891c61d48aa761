"""Months of a consortium, and closing the earliest one that is ready."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.forms import said
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.forms import CloseForm
from yilian.insurance.clearing.queries.books import consortia_in_books
from yilian.insurance.clearing.queries.matrix import offices
from yilian.insurance.clearing.queries.periods import periods_of
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.rules.ledger import CLEARING
from yilian.insurance.clearing.services.closing import close as close_period
from yilian.insurance.clearing.views.overview import chosen_of
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.text import _
from yilian.registry.directory.queries import today

_WHO: Final = _("会计期间给医疗机构的医保财务和牵头单位的医联体办公室看。")


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    return _page(request)


@signed_in
@require_POST
def close(request: ActorRequest) -> HttpResponse:
    within = (
        chosen_of(request, offices(request.actor)) if _has_office(request) else None
    )
    period = months.parse(request.POST.get("month", ""))
    form = CloseForm(request.POST)
    if within is None:
        require(False, _("只有医联体牵头单位的医联体办公室可以关账。"))
    if period is None or within is None:
        raise NotFound
    if not form.is_valid():
        return _page(request, form=form)
    try:
        close_period(request.actor, within, period, **form.cleaned_data)
    except Invalid as error:
        form.add_error("note", said(error.fields.get("note", error.text)))
        return _page(request, form=form)
    words = gettext(_("{month} 已关账。")).format(month=f"{period:%Y-%m}")
    messages.success(request, words)
    return redirect(f"{reverse('clearing:periods')}?consortium={within}")


def _has_office(request: ActorRequest) -> bool:
    return bool(offices(request.actor))


def _page(request: ActorRequest, form: CloseForm | None = None) -> HttpResponse:
    actor = request.actor
    require(policies.can_work(actor), _WHO)
    kept = offices(actor)
    known = kept or consortia_in_books(actor)
    chosen = chosen_of(request, known) if known else None
    house = None if chosen in kept else actor.institution_id
    context: dict[str, Any] = {
        "offices": known,
        "chosen": chosen,
        "lines": periods_of(chosen, today(), house=house) if chosen else [],
        "may_close": chosen in kept,
        "form": form or CloseForm(),
        "clause": CLEARING.id,
    }
    status = 422 if form else 200
    return render(request, "clearing/periods.html", context, status=status)
