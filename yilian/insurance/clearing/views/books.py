"""The books: trial balance, entries, and the files that an auditor takes away."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.sheets.writing import Sheet, workbook
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.queries import books, files
from yilian.insurance.clearing.queries.houses import names_of
from yilian.insurance.clearing.queries.matrix import offices
from yilian.insurance.clearing.queries.statements import entry_lines
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.services.looking import note_export
from yilian.kernel.errors import NotFound
from yilian.kernel.text import _
from yilian.registry.directory.queries import today

_WHO: Final = _("账簿给医疗机构的医保财务和牵头单位的医联体办公室看。")
_MONTHS: Final = 15
_SHOWN: Final = 60
_HEADS: Final = (
    (_("会计期间"), 10), (_("发生日期"), 12), (_("入账时间"), 12),
    (_("分录"), 38), (_("机构代码"), 18), (_("往来单位代码"), 18), (_("科目"), 9),
    (_("借方（元）"), 15), (_("贷方（元）"), 15), (_("摘要"), 36), (_("依据"), 14),
    (_("对账单号"), 18),
)  # fmt: skip
_BALANCE_HEADS: Final = (
    (_("机构"), 26), (_("科目代码"), 10), (_("科目"), 28), (_("借方（元）"), 16),
    (_("贷方（元）"), 16), (_("余额（元）"), 16),
)  # fmt: skip


@signed_in
@require_GET
def page(request: ActorRequest) -> HttpResponse:
    require(policies.can_work(request.actor), _WHO)
    period, within = _asked(request)
    entries = books.entries_in(request.actor, within, period, months.following(period))
    newest = entry_lines(entries.order_by("-posted_at", "-pk")[:_SHOWN])
    houses = {house for x in newest for house in (x.one_id, x.other_id)}
    context = {
        "period": period,
        "months": months.back(months.month_of(today()), _MONTHS)[::-1],
        "balance": books.trial_balance(request.actor, entries),
        "entries": newest,
        "names": names_of(houses),
        "count": entries.count(),
        "offices": offices(request.actor),
        "within": within,
    }
    return render(request, "clearing/books.html", context)


@signed_in
@require_GET
def export(request: ActorRequest) -> HttpResponse:
    """Ledger and trial balance; the checksum is that of the CSV of the same rows."""
    period, rows, sheets = _taken(request)
    note_export(
        request.actor, "books", rows=len(rows), chosen={"month": f"{period:%Y-%m}"}
    )
    return workbook(f"clearing-{period:%Y-%m}", sheets)


@signed_in
@require_GET
def as_csv(request: ActorRequest) -> HttpResponse:
    period, rows, _sheets = _taken(request)
    note_export(
        request.actor, "books_csv", rows=len(rows), chosen={"month": f"{period:%Y-%m}"}
    )
    text = files.csv_of(rows)
    response = HttpResponse(text.encode(), content_type="text/csv; charset=utf-8")
    name = f'attachment; filename="clearing-{period:%Y-%m}.csv"'
    response["Content-Disposition"] = name
    response["X-Checksum-SHA256"] = files.checksum(text)
    response["Cache-Control"] = "no-store"
    return response


def _taken(
    request: ActorRequest,
) -> tuple[date, list[tuple[str, ...]], list[Sheet]]:
    require(policies.can_work(request.actor), _WHO)
    period, within = _asked(request)
    entries = books.entries_in(request.actor, within, period, months.following(period))
    rows = list(files.rows_of(books.postings_of(request.actor, entries)))
    balance = books.trial_balance(request.actor, entries)
    about = [
        gettext(_("会计期间 {month}　共 {n} 行")).format(
            month=f"{period:%Y-%m}", n=len(rows)
        ),
        f"SHA-256 {files.checksum(files.csv_of(rows))}",
    ]
    sheets = [
        Sheet(_("总账明细"), about, _HEADS, _cells(rows)),
        Sheet(_("试算平衡表"), about, _BALANCE_HEADS, _balance(balance)),
    ]
    return period, rows, sheets


_COLUMNS: Final = (0, 1, 2, 4, 8, 9, 10, 11, 12, 13, 14, 18)
_MONEY: Final = frozenset({11, 12})


def _cells(rows: list[tuple[str, ...]]) -> Iterator[list[Any]]:
    for row in rows:
        yield [books.as_money(row[at]) if at in _MONEY else row[at] for at in _COLUMNS]


def _balance(found: books.TrialBalance) -> Iterator[list[Any]]:
    for line in found.lines:
        yield [
            line.institution, line.code, line.name, line.debit, line.credit,
            line.balance,
        ]  # fmt: skip
    yield [_("合计"), "", "", found.debit, found.credit, found.debit - found.credit]


def _asked(request: ActorRequest) -> tuple[date, UUID | None]:
    shown = months.back(months.month_of(today()), _MONTHS)
    asked = months.parse(request.GET.get("month", ""))
    period = asked or shown[-2]
    if period > shown[-1]:
        raise NotFound
    known = offices(request.actor)
    wanted = request.GET.get("consortium", "")
    within = next((pk for pk in known if str(pk) == wanted), None)
    if wanted and within is None:
        raise NotFound
    return period, within
