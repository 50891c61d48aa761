"""Choose many, see what will happen, do it, see what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from yilian.care.referral import policies
from yilian.care.referral.forms_bulk import FORMS, WantedForm, chosen_rows
from yilian.care.referral.queries import desk
from yilian.care.referral.queries.desk import HopLine
from yilian.care.referral.rules import bulk as acts
from yilian.care.referral.rules.bulk import ACT_NAMES, Act
from yilian.care.referral.services import bulk
from yilian.care.referral.services.bulk import Chosen, Outcome
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.ids import new_id
from yilian.kernel.text import _

_WHO: Final = _("只有医疗机构的医师和转诊办公室可以批量处理转诊单。")


@dataclass(frozen=True, slots=True)
class Side:
    """The receiving desk, or what was sent."""

    key: str
    tabs: tuple[desk.Tab, ...]
    acts: tuple[Act, ...]
    words: str
    list_name: str


SIDES: Final = {
    "to": Side("to", desk.RECEIVED, acts.RECEIVED, _("接收台"), "referral:desk"),
    "from": Side("from", desk.SENT, acts.SENT, _("已发出"), "referral:sent"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row with what will become, or has become, of it."""

    hop: HopLine | None
    outcome: Outcome


@signed_in
@require_GET
def choose(request: ActorRequest) -> HttpResponse:
    require(policies.can_draft(request.actor), _WHO)
    return _choose(request, SIDES.get(request.GET.get("side", ""), SIDES["to"]))


@signed_in
@require_POST
def preview(request: ActorRequest) -> HttpResponse:
    """By POST, because it reads what was chosen; nothing is written."""
    require(policies.can_draft(request.actor), _WHO)
    side, act = _asked(request)
    rows = chosen_rows(request.POST.getlist("row"))
    form = FORMS[act](request.actor)
    try:
        return _preview(request, side, form, rows)
    except Invalid as error:
        return _choose(request, side, error)


@signed_in
@require_POST
def carry_out(request: ActorRequest) -> HttpResponse:
    require(policies.can_draft(request.actor), _WHO)
    side, act = _asked(request)
    rows = chosen_rows(request.POST.getlist("row"))
    form = FORMS[act](request.actor, request.POST)
    if not form.is_valid():
        return _preview(request, side, form, rows)
    key = _uuid(request.POST.get("idempotency_key", "")) or new_id()
    outcomes = bulk.carry_out(request.actor, rows, form.wanted(), key=key)
    if act is Act.PRINT:
        return _print(request, side, outcomes)
    context = _context(side, act) | {"lines": _lines(request, outcomes)}
    return render(request, "referral/bulk_result.html", context)


def _choose(
    request: ActorRequest, side: Side, error: Invalid | None = None
) -> HttpResponse:
    told = request.GET.get("tab") or request.POST.get("tab", "")
    tab = desk.tab_named(side.tabs, told or "waiting")
    read = desk.received if side.key == "to" else desk.sent
    address = reverse("referral:bulk")
    counted = desk.counts(request.actor, side.tabs[:-1], side.key)
    context = {
        "side": side,
        "sides": SIDES.values(),
        "tab": tab,
        "tabs": [
            (one.words, f"{address}?side={side.key}&tab={one.key}", one == tab,
             counted.get(one.key))
            for one in side.tabs
        ],
        "page": read(request.actor, tab, request.GET.get("cursor")),
        "acts": [(act.value, ACT_NAMES[act]) for act in side.acts],
        "all_chosen": request.GET.get("all") == "1",
        "problem": error.text if error else None,
    }  # fmt: skip
    status = Invalid.status if error else 200
    return render(request, "referral/bulk.html", context, status=status)


def _preview(
    request: ActorRequest, side: Side, form: WantedForm, rows: Sequence[Chosen]
) -> HttpResponse:
    """The rows as they stand now are those that will be acted on."""
    hops = _hops(request, [row.referral_id for row in rows])
    fresh = [
        Chosen(row.referral_id, hops[row.referral_id].revision)
        if row.referral_id in hops
        else row
        for row in rows
    ]
    outcomes = bulk.foresee(request.actor, fresh, form.tried())
    context = _context(side, form.act) | {
        "form": form,
        "lines": [Line(hops.get(one.referral_id), one) for one in outcomes],
        "possible": sum(one.is_good for one in outcomes),
        "key": _uuid(request.POST.get("idempotency_key", "")) or new_id(),
    }
    status = Invalid.status if form.is_bound else 200
    return render(request, "referral/bulk_preview.html", context, status=status)


def _print(
    request: ActorRequest, side: Side, outcomes: Sequence[Outcome]
) -> HttpResponse:
    lines = _lines(request, outcomes)
    hops = [line.hop for line in lines if line.hop and line.outcome.is_good]
    bulk.note_print(request.actor, [hop.person_id for hop in hops])
    context = _context(side, Act.PRINT) | {"hops": hops}
    return render(request, "referral/bulk_print.html", context)


def _context(side: Side, act: Act) -> dict[str, Any]:
    back = f"{reverse('referral:bulk')}?side={side.key}"
    return {"side": side, "act": act.value, "act_name": ACT_NAMES[act], "back": back}


def _lines(request: ActorRequest, outcomes: Sequence[Outcome]) -> list[Line]:
    hops = _hops(request, [one.referral_id for one in outcomes])
    return [Line(hops.get(one.referral_id), one) for one in outcomes]


def _hops(request: ActorRequest, ids: Sequence[UUID]) -> dict[UUID, HopLine]:
    return desk.by_id(request.actor, ids)


def _asked(request: ActorRequest) -> tuple[Side, Act]:
    try:
        side, act = SIDES[request.POST["side"]], Act(request.POST["act"])
    except (KeyError, ValueError):
        raise NotFound from None
    if act not in side.acts:
        raise NotFound
    return side, act


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
