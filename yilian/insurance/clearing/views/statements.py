"""Statements: the list, one statement, drawing by hand, and each step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.forms import show as show_error
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.insurance.clearing import forms, policies
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.queries import statements as lists
from yilian.insurance.clearing.queries.books import between, consortia_in_books
from yilian.insurance.clearing.queries.statements import Asked, StatementDetail
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.rules.clocks import CLOCK_CLAUSE, WAITED_FOR
from yilian.insurance.clearing.rules.ledger import CLEARING
from yilian.insurance.clearing.rules.slip import SPLIT_CLAUSE
from yilian.insurance.clearing.rules.statement import (
    CLOCKS,
    STATE_NAMES,
    STEP_NAMES,
    State,
    Step,
)
from yilian.insurance.clearing.services import confirming, disputing, drawing
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.text import _
from yilian.registry.directory.queries import today

KINDS: Final[Mapping[State, str]] = {
    State.DRAWN: "urgent",
    State.HALF_CONFIRMED: "urgent",
    State.CONFIRMED: "calm",
    State.DISPUTED: "stat",
    State.ADJUSTED: "urgent",
    State.PAID: "good",
}
_WHO: Final = _("对账单给医疗机构的医保财务和牵头单位的医联体办公室看。")
_MONTHS: Final = 15
_MOST_DISPUTES: Final = 100


@dataclass(frozen=True, slots=True)
class Act:
    form: type[django_forms.Form]
    act: Callable[..., Statement]


ACTS: Final[Mapping[Step, Act]] = {
    Step.CONFIRM: Act(forms.PlainForm, confirming.confirm),
    Step.DISPUTE: Act(forms.DisputeForm, disputing.dispute),
    Step.ANSWER: Act(forms.AnswerForm, disputing.answer),
    Step.WITHDRAW: Act(forms.TextForm, disputing.withdraw),
    Step.ADJUST: Act(forms.AdjustForm, disputing.adjust),
    Step.PAY: Act(forms.PayForm, confirming.pay),
}


@signed_in
@require_GET
def listing(request: ActorRequest) -> HttpResponse:
    require(policies.can_work(request.actor), _WHO)
    asked = _asked(request)
    month = months.month_of(today())
    context = {
        "page": lists.statements_of(request.actor, asked, request.GET.get("cursor")),
        "asked": asked,
        "months": [f"{x:%Y-%m}" for x in months.back(month, _MONTHS)[::-1]],
        "states": [(state.value, STATE_NAMES[state]) for state in State],
        "kinds": KINDS,
        "here": request.actor.institution_id,
        "drawable": [f"{x:%Y-%m}" for x in months.back(month, 4)[-2::-1]],
        "consortia": consortia_in_books(request.actor),
    }
    return render(request, "clearing/statements.html", context)


@signed_in
@require_GET
def disputes(request: ActorRequest) -> HttpResponse:
    require(policies.can_work(request.actor), _WHO)
    is_all = request.GET.get("all") == "1"
    found = lists.disputes_of(request.actor, only_open=not is_all, most=_MOST_DISPUTES)
    context = {"disputes": found, "is_all": is_all}
    return render(request, "clearing/disputes.html", context)


@signed_in
@require_GET
def show(request: ActorRequest, statement_id: UUID) -> HttpResponse:
    return _show(request, statement_id)


@signed_in
@require_POST
def draw(request: ActorRequest) -> HttpResponse:
    """For one consortium and month; as often as one likes."""
    period, within = _month(request), _uuid(request.POST.get("consortium", ""))
    if period is None or within not in request.actor.consortium_ids:
        raise NotFound
    drawn = drawing.draw(request.actor, within, period)
    words = gettext(_("已出具 {made} 张对账单，更新 {renewed} 张。"))
    messages.success(request, words.format(made=drawn.made, renewed=drawn.renewed))
    back = _uuid(request.POST.get("statement", ""))
    if back:
        return redirect("clearing:statement", back)
    return redirect("clearing:statements")


@signed_in
@require_POST
def take(request: ActorRequest, statement_id: UUID, name: str) -> HttpResponse:
    try:
        step = Step(name)
        act = ACTS[step]
    except (KeyError, ValueError):
        raise NotFound from None
    form = act.form(request.POST)
    if form.is_valid():
        told: Any = form
        try:
            act.act(
                request.actor, statement_id, revision=_revision(request), **told.told()
            )
        except Invalid as error:
            show_error(form, error)
        else:
            return redirect("clearing:statement", statement_id)
    return _show(request, statement_id, step=step, form=form)


def _show(
    request: ActorRequest,
    statement_id: UUID,
    step: Step | None = None,
    form: django_forms.Form | None = None,
) -> HttpResponse:
    found = lists.detail(request.actor, statement_id)
    row = found.row
    clock = CLOCKS.get(found.line.state)
    context = {
        "found": found,
        "line": found.line,
        "actions": [
            (
                one.value,
                STEP_NAMES[one],
                _offered(one, found, form if one is step else None),
            )
            for one in found.steps
        ],
        "open": step.value if step else "",
        "kinds": KINDS,
        "waited": WAITED_FOR[clock] if clock else "",
        "books": between(row.one_id, row.other_id, row.consortium_id),
        "here": request.actor.institution_id,
        "clauses": (CLEARING.id, SPLIT_CLAUSE.id, CLOCK_CLAUSE.id),
    }
    status = 422 if form else 200
    return render(request, "clearing/statement.html", context, status=status)


def _offered(
    step: Step, found: StatementDetail, bound: django_forms.Form | None
) -> django_forms.Form:
    """The step's form with the houses and lines of this statement."""
    form = bound or ACTS[step].form()
    line = found.line
    if step is Step.ADJUST:
        forms.with_houses(form, [(line.one_id, line.one), (line.other_id, line.other)])
    if step is Step.DISPUTE:
        said = [(x.id, f"{x.happened_on} {x.text}") for x in found.entries]
        forms.with_lines(form, said)
    return forms.today_in(form, today())


def _asked(request: ActorRequest) -> Asked:
    state = request.GET.get("state", "")
    known = {one.value for one in State}
    return Asked(
        period=months.parse(request.GET.get("month", "")),
        state=State(state) if state in known else None,
        consortium_id=_uuid(request.GET.get("consortium", "")),
    )


def _month(request: ActorRequest) -> date | None:
    return months.parse(request.POST.get("month", ""))


def _revision(request: ActorRequest) -> int | None:
    """Of the page on which the step was chosen."""
    told = request.POST.get("revision", "")
    return int(told) if told.isascii() and told.isdecimal() else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
