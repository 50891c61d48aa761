"""First screens: what waits for a clerk or an office, and the year in sums."""

from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yilian.foundation.access.forms import said
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.sheets.writing import Sheet, workbook
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.queries.overview import count_waiting
from yilian.insurance.settlement.queries.sums import SumLine, Sums, may_sum
from yilian.insurance.settlement.rules.pictures import Bars, bars_of
from yilian.insurance.settlement.services.overviews import open_overview, open_sums
from yilian.insurance.settlement.views.rooms import rooms
from yilian.kernel.text import _
from yilian.registry.population.rules import county_name

_WHO: Final = _("这一页给医保经办人员和医疗机构医保财务人员。")
_WHO_SUMS: Final = _("汇总给医保经办、机构医保财务和卫生健康管理人员看。")
HEADS: Final = (
    (_("项目"), 22), (_("结算张数"), 12), (_("总费用（元）"), 18),
    (_("统筹基金（元）"), 18), (_("大病、救助等（元）"), 18), (_("个人负担（元）"), 18),
    (_("未按规定转诊"), 14),
)  # fmt: skip


@signed_in
@require_GET
def work(request: ActorRequest) -> HttpResponse:
    actor = request.actor
    require(policies.is_insurer(actor) or policies.is_finance(actor), _WHO)
    context = {
        "found": open_overview(actor),
        "rooms": rooms(actor, "work"),
        "is_clerk": policies.is_insurer(actor),
    }
    return render(request, "settlement/work.html", context)


@signed_in
@require_GET
def count(request: ActorRequest) -> HttpResponse:
    """For the menu."""
    number = count_waiting(request.actor)
    return HttpResponse(str(number) if number else "")


@signed_in
@require_GET
def sums(request: ActorRequest) -> HttpResponse:
    found = _sums(request)
    pictured: Bars = bars_of(
        [(line.key, line.fund, line.own) for line in found.months if not line.is_hidden]
    )
    context = {
        "found": found,
        "bars": pictured,
        "rooms": rooms(request.actor, "sums"),
        "tables": _tables(found),
    }
    return render(request, "settlement/sums.html", context)


@signed_in
@require_GET
def sums_export(request: ActorRequest) -> HttpResponse:
    found = _sums(request)
    about = gettext(_("{place}　{year} 年　按记账日期汇总")).format(
        place=request.actor.institution_name, year=found.year
    )
    sheets = [
        Sheet(
            title,
            [about],
            HEADS,
            [_cells(words, line) for words, line in (*rows, (_("合计"), found.whole))],
        )
        for title, rows in _tables(found)
    ]
    return workbook(f"settlement-sums-{found.year}", sheets)


def _sums(request: ActorRequest) -> Sums:
    require(may_sum(request.actor), _WHO_SUMS)
    return open_sums(request.actor, _year(request.GET.get("year", "")))


def _year(raw: str) -> int:
    this_year = timezone.localdate().year
    is_year = raw.isascii() and raw.isdigit() and len(raw) == len("2026")
    return min(max(int(raw), 2000), this_year) if is_year else this_year


def _tables(found: Sums) -> list[tuple[str, list[tuple[str, SumLine]]]]:
    tables = [
        (_("各月"), [(f"{found.year}-{line.key}", line) for line in found.months]),
        (_("各类别"), found.kinds),
        (_("各级机构"), found.places),
        (
            _("各参保地"),
            [(county_name(line.key) or line.key, line) for line in found.counties],
        ),
    ]
    return [(title, rows) for title, rows in tables if rows]


def _cells(words: str, line: SumLine) -> list[Any]:
    if line.is_hidden:
        return [said(words), line.count_words, None, None, None, None, None]
    return [
        said(words),
        line.count,
        line.total,
        line.basic,
        line.upper,
        line.own,
        line.penalised,
    ]
