"""One settlement: the bill as a calculation that a clerk can read and answer for."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.insurance.settlement.queries.detail import SettlementDetail
from yilian.insurance.settlement.rules.trace import Step
from yilian.insurance.settlement.services.reading import open_settlement
from yilian.kernel.text import Text, _


@dataclass(frozen=True, slots=True)
class StepLine:
    """As `blocks.working` shows it."""

    title: str
    working: Text
    note: Text | None
    clause: str
    values: list[str]


@dataclass(frozen=True, slots=True)
class BillLine:
    label: str
    yuan: Decimal
    clause: str = ""
    kind: str = ""


@signed_in
@require_GET
def detail(request: ActorRequest, settlement_id: UUID) -> HttpResponse:
    found = open_settlement(request.actor, settlement_id)
    context = {
        "found": found,
        "line": found.line,
        "shares": shares(found),
        "years": [
            (year, [_step(step) for step in steps]) for year, steps in found.years
        ],
    }
    return render(request, "settlement/detail.html", context)


def shares(found: SettlementDetail) -> list[BillLine]:
    """Who pays what; what is nothing is left out, save the fund and the patient."""
    amounts = found.amounts
    lines = [
        BillLine(_("医疗总费用"), amounts.total, kind="sum"),
        BillLine(_("统筹基金支付"), amounts.basic_pay, "RI-2"),
        BillLine(_("大额补助支付"), amounts.supplement_pay, "RI-5"),
        BillLine(_("大病保险支付"), amounts.serious_pay, "RI-6"),
        BillLine(_("医疗救助支付"), amounts.assistance_pay, "RI-7"),
        BillLine(_("个人负担"), amounts.patient_pay, "RI-2", "sum"),
        BillLine(_("其中个人账户"), amounts.account_pay, "RI-1", "note"),
    ]
    always = {_("医疗总费用"), _("统筹基金支付"), _("个人负担")}
    return [line for line in lines if line.yuan or line.label in always]


def _step(step: Step) -> StepLine:
    values = [
        f"{one.id} = {one.value}（{one.set_id}/{one.version}，{one.starts_on}）"
        for one in step.references
    ]
    return StepLine(step.title, step.working, step.note, step.ground, values)
