"""A bill with its turns and its chain; taking back, voiding; the official form."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from yilian.foundation.access.forms import said, show
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.foundation.sheets.writing import Sheet, workbook
from yilian.insurance.settlement.forms import ReasonForm
from yilian.insurance.settlement.queries.billing import BillPage
from yilian.insurance.settlement.queries.detail import SettlementDetail
from yilian.insurance.settlement.services import looking, take_back, void
from yilian.insurance.settlement.services.reading import open_settlement
from yilian.insurance.settlement.views.rooms import rooms
from yilian.insurance.settlement.views.told import StepLine, shares, steps_told
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import Text, _
from yilian.registry.population.queries import cards

CHARGES: Final = (
    (_("序号"), 6), (_("项目"), 30), (_("目录类别"), 14), (_("日期"), 12),
    (_("金额（元）"), 14), (_("其中超限价（元）"), 16),
)  # fmt: skip
STEPS: Final = (
    (_("序号"), 6), (_("步骤"), 22), (_("算式"), 60), (_("依据"), 12),
    (_("所用参数"), 60),
)  # fmt: skip


@signed_in
@require_GET
def bill(request: ActorRequest, bill_id: UUID) -> HttpResponse:
    found = looking.open_bill(request.actor, bill_id)
    return _page(request, found)


@signed_in
@require_POST
def void_live(request: ActorRequest, bill_id: UUID) -> HttpResponse:
    """The settlement in force, in red; the bill goes with it."""
    found = looking.open_bill(request.actor, bill_id)
    form = ReasonForm(request.POST)
    if found.live is None:
        raise Conflict(_("这张单据没有有效的结算单，可能已经作废。请刷新页面。"))
    if form.is_valid():
        try:
            void(request.actor, found.live.id, reason=form.cleaned_data["reason"])
        except Invalid as error:
            show(form, error)
        else:
            return redirect("settlement:bill", bill_id)
    return _page(request, found, void_form=form)


@signed_in
@require_POST
def withdraw(request: ActorRequest, bill_id: UUID) -> HttpResponse:
    """A bill posted in error, before anybody settled it."""
    found = looking.open_bill(request.actor, bill_id)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            take_back(request.actor, bill_id, reason=form.cleaned_data["reason"])
        except Invalid as error:
            show(form, error)
        else:
            return redirect("settlement:bill", bill_id)
    return _page(request, found, back_form=form)


@signed_in
@require_GET
def paper(request: ActorRequest, settlement_id: UUID) -> HttpResponse:
    found = open_settlement(request.actor, settlement_id)
    person_id = found.line.person_id
    looking.note_paper(request.actor, "print", settlement_id, person_id)
    context = {
        "found": found,
        "line": found.line,
        "shares": shares(found),
        "years": steps_told(found.years),
        # In full to whom the person is known; masked to all others.
        "person_name": cards(request.actor, [person_id])[person_id].name,
        "printed_at": timezone.now(),
    }
    return render(request, "settlement/print.html", context)


@signed_in
@require_GET
def export(request: ActorRequest, settlement_id: UUID) -> HttpResponse:
    found = open_settlement(request.actor, settlement_id)
    person_id = found.line.person_id
    looking.note_paper(request.actor, "export_one", settlement_id, person_id)
    about = _about(found)
    sheets = [
        Sheet(_("结算计算过程"), about, STEPS, _step_rows(found), foot=_foot(found)),
        Sheet(_("费用明细"), about, CHARGES, _charge_rows(found)),
    ]
    return workbook(found.line.number, sheets)


def _page(
    request: ActorRequest,
    found: BillPage,
    *,
    void_form: forms.Form | None = None,
    back_form: forms.Form | None = None,
) -> HttpResponse:
    detail = found.detail
    context: dict[str, Any] = {
        "page": found,
        "line": found.line,
        "bill": found.bill,
        "found": detail,
        "shares": shares(detail) if detail else [],
        "years": steps_told(detail.years) if detail else [],
        "rooms": rooms(request.actor, "list"),
        "void_form": void_form or ReasonForm(),
        "back_form": back_form or ReasonForm(),
    }
    wrong = any(form and form.errors for form in (void_form, back_form))
    return render(
        request, "settlement/bill.html", context, status=422 if wrong else 200
    )


# --- as a file ----------------------------------------------------------------


def _about(found: SettlementDetail) -> list[str]:
    line = found.line
    return [
        gettext(_("结算单号 {number}　单据号 {bill}　{house}")).format(
            number=line.number,
            bill=found.bill_number,
            house=line.house or found.outside_name,
        ),
        gettext(_("{name}　{insurance}　参数集 {set}")).format(
            name=line.name, insurance=said(found.insurance_name), set=found.set_name
        ),
    ]


def _step_rows(found: SettlementDetail) -> Iterator[list[Any]]:
    number = 0
    for _year, steps in steps_told(found.years):
        for step in steps:
            number += 1
            yield [number, step.title, step.working, step.clause, _values(step)]
    for line in shares(found):
        yield ["", line.label, line.yuan, line.clause, ""]


def _values(step: StepLine) -> str:
    return "\n".join(
        f"{said(one.title)} {_plain(one.value)}（{one.set_name}，{one.starts_on}）"
        for one in step.values
    )


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "、".join(_plain(one) for one in value)
    return said(value) if isinstance(value, str | Text) else str(value)


def _charge_rows(found: SettlementDetail) -> Iterator[list[Any]]:
    for number, one in enumerate(found.charges, start=1):
        yield [number, one.name, one.class_name, one.on, one.amount, one.over_limit]
    yield ["", _("合计"), "", None, found.amounts.total, None]


def _foot(found: SettlementDetail) -> list[str]:
    return [
        gettext(_("内容摘要 {digest}")).format(digest=found.digest),
        gettext(_("经办机构（盖章）　　经办人　　　　　　复核人　　　　　　日期")),
    ]
