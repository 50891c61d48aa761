"""Where a finance office, a consortium office and an officer begin."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.queries import matrix as pictures
from yilian.insurance.clearing.queries import slips as slip_lists
from yilian.insurance.clearing.queries import statements as lists
from yilian.insurance.clearing.queries.overview import overview
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.rules.bars import bars
from yilian.insurance.clearing.rules.flow import flow
from yilian.insurance.clearing.rules.ledger import CLEARING
from yilian.insurance.clearing.services.looking import note_look
from yilian.kernel.errors import NotFound
from yilian.kernel.text import _
from yilian.registry.directory.queries import today

WHO: Final = _("医联体内部结算给医保财务、医联体办公室和卫健管理人员看。")
_WHO_OFFICE: Final = _("这一页给医联体牵头单位的医联体办公室看。")
_WHO_SUMS: Final = _("这一页给卫健管理人员看，只有合计。")
_MOST: Final = 8
_MONTHS: Final = 13


@signed_in
@require_GET
def home(request: ActorRequest) -> HttpResponse:
    """A house's own standing; offices and officers go to their pictures."""
    actor = request.actor
    if policies.keeps_books(actor):
        return _house(request)
    if policies.is_office(actor):
        return redirect("clearing:matrix")
    require(policies.can_see_sums(actor), WHO)
    return redirect("clearing:sums")


@signed_in
@require_GET
def count(request: ActorRequest) -> HttpResponse:
    """How much waits for this house, for the menu."""
    if not policies.keeps_books(request.actor):
        return HttpResponse("")
    waiting = lists.my_turn(request.actor).count() + slip_lists.counted(request.actor)
    return HttpResponse(str(waiting) if waiting else "")


@signed_in
@require_GET
def matrix(request: ActorRequest) -> HttpResponse:
    """Who owes whom, as a table and as bands."""
    offices = pictures.offices(request.actor)
    require(bool(offices), _WHO_OFFICE)
    chosen = chosen_of(request, offices)
    shown = pictures.months_of(chosen)
    period = month_in(request, shown)
    found = pictures.matrix(request.actor, chosen, period)
    context = {
        "offices": offices,
        "chosen": chosen,
        "months": shown,
        "period": period,
        "matrix": found,
        "flow": flow(found.debts),
        "clause": CLEARING.id,
    }
    return render(request, "clearing/matrix.html", context)


@signed_in
@require_GET
def sums(request: ActorRequest) -> HttpResponse:
    require(policies.can_see_sums(request.actor), _WHO_SUMS)
    shown = months.back(months.month_of(today()), _MONTHS)[::-1]
    period = month_in(request, shown, first=1)
    lines = pictures.sums(request.actor, period)
    note_look(request.actor, "sums", rows=len(lines))
    context = {"lines": lines, "months": shown, "period": period}
    return render(request, "clearing/sums.html", context)


def chosen_of(request: ActorRequest, offices: dict[UUID, str]) -> UUID:
    """The consortium asked for, else the first; one of another office is hidden."""
    asked = request.GET.get("consortium") or request.POST.get("consortium", "")
    if not asked:
        return next(iter(offices))
    found = next((pk for pk in offices if str(pk) == asked), None)
    if found is None:
        raise NotFound
    return found


def month_in(request: ActorRequest, shown: list[date], first: int = 0) -> date:
    asked = months.parse(request.GET.get("month", ""))
    if asked in shown:
        return asked
    if not shown:
        return months.month_of(today())
    return shown[min(first, len(shown) - 1)]


def _house(request: ActorRequest) -> HttpResponse:
    actor = request.actor
    found = overview(actor, today())
    waiting = lists.my_turn(actor)
    context: dict[str, Any] = {
        "found": found,
        "bars": bars([(x.month, x.income, x.cost) for x in found.months]),
        "statements": lists.lines_for(waiting, _MOST),
        "statement_count": waiting.count(),
        "slips": slip_lists.slips_of(actor, "mine", None, size=_MOST).lines,
        "slip_count": slip_lists.counted(actor),
        "here": actor.institution_id,
        "is_office": bool(pictures.offices(actor)),
        "clause": CLEARING.id,
    }
    return render(request, "clearing/home.html", context)
