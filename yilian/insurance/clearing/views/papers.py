"""A statement in official form: on paper with both signature lines, and as a file."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.views import signed_in
from yilian.foundation.sheets.writing import Sheet, workbook
from yilian.insurance.clearing.queries.payments import PaymentLine, payments_of
from yilian.insurance.clearing.queries.statements import (
    EntryLine,
    StatementDetail,
    detail,
)
from yilian.insurance.clearing.rules.money_words import in_words
from yilian.insurance.clearing.services.looking import note_paper
from yilian.kernel.money import fmt
from yilian.kernel.text import _

HEADS = (
    (_("序号"), 6), (_("发生日期"), 12), (_("种类"), 8), (_("项目"), 34),
    (_("服务单号"), 18), (_("数量"), 9), (_("单价（元）"), 12),
    (_("金额（元）"), 14), (_("申请方分成%"), 10), (_("甲方应付（元）"), 15),
    (_("乙方应付（元）"), 15), (_("依据"), 14),
)  # fmt: skip
PAYMENTS = (
    (_("付款日期"), 12), (_("付款方"), 26), (_("收款方"), 26), (_("金额（元）"), 14),
    (_("银行回单号和备注"), 34), (_("登记人"), 26), (_("登记时间"), 18),
)  # fmt: skip


@signed_in
@require_GET
def paper(request: ActorRequest, statement_id: UUID) -> HttpResponse:
    found = detail(request.actor, statement_id)
    note_paper(request.actor, "print", statement_id)
    context: dict[str, Any] = {
        "found": found,
        "line": found.line,
        "printed_at": timezone.now(),
        "in_words": in_words(abs(found.line.net)),
    }
    return render(request, "clearing/print.html", context)


@signed_in
@require_GET
def export(request: ActorRequest, statement_id: UUID) -> HttpResponse:
    found = detail(request.actor, statement_id)
    note_paper(request.actor, "export", statement_id)
    line = found.line
    about = [
        gettext(_("对账单号 {number}　所属月份 {month}　{consortium}")).format(
            number=line.number,
            month=f"{line.period:%Y-%m}",
            consortium=found.consortium,
        ),
        gettext(_("甲方 {one}　乙方 {other}")).format(one=line.one, other=line.other),
    ]
    cut = [gettext(_("只列前 {n} 笔，全部见账簿导出。")).format(n=len(found.entries))]
    return workbook(
        line.number,
        [
            Sheet(
                _("医联体内部结算对账单"),
                about + cut if found.is_cut else about,
                HEADS,
                _rows(found),
                foot=_foot(found),
            ),
            Sheet(_("付款登记"), about, PAYMENTS, _paid(payments_of(found))),
        ],
    )


def _paid(payments: list[PaymentLine]) -> Iterator[list[Any]]:
    for one in payments:
        yield [
            one.paid_on,
            one.payer or _("互相抵清"),
            one.payee or _("互相抵清"),
            one.amount,
            one.voucher,
            one.recorded_by,
            one.recorded_at,
        ]
    if not payments:
        yield [None, _("还没有登记付款"), "", None, "", "", ""]


def _rows(found: StatementDetail) -> Iterator[list[Any]]:
    shown = (*found.entries, *found.adjustments)
    for number, entry in enumerate(shown, start=1):
        yield [number, *_cells(entry)]
    line = found.line
    yield [
        "",
        "",
        "",
        _("合计"),
        "",
        "",
        "",
        "",
        "",
        line.one_owes,
        line.other_owes,
        "",
    ]


def _cells(entry: EntryLine) -> list[Any]:
    percent = entry.requester_percent
    return [
        entry.happened_on,
        entry.kind_name,
        entry.text,
        entry.slip_number,
        entry.quantity,
        entry.unit_price,
        entry.total,
        "" if percent is None else percent,
        entry.one_owes or None,
        entry.other_owes or None,
        entry.clause,
    ]


def _foot(found: StatementDetail) -> list[str]:
    line = found.line
    net = gettext(_("轧差净额：{payer} 应付 {payee} {amount} 元（{words}）")).format(
        payer=line.payer,
        payee=line.payee,
        amount=fmt(abs(line.net)),
        words=in_words(abs(line.net)),
    )
    sign = gettext(_("{house}（盖章）　　经办人　　　　　　负责人　　　　　　日期"))
    return [net, sign.format(house=line.one), sign.format(house=line.other)]
