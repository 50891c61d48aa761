"""Counts for officers and consortium offices: numbers, never persons."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from yilian.care.referral.queries import counts
from yilian.care.referral.rules.counting import few
from yilian.care.referral.services.looking import note_export, note_look
from yilian.foundation.access.middleware import ActorRequest
from yilian.foundation.access.scope import require
from yilian.foundation.access.views import signed_in
from yilian.foundation.sheets.writing import Sheet, workbook
from yilian.kernel.text import _
from yilian.registry.consortium.queries import ConsortiumLine

_WHO: Final = _("统计给卫生健康管理人员和医联体办公室看。")
_WIDTH: Final = 18
_Part = tuple[str, Sequence[str], Iterable[Sequence[Any]]]  # tab, headings, rows


@signed_in
@require_GET
def page(request: ActorRequest) -> HttpResponse:
    require(counts.may_count(request.actor), _WHO)
    now = timezone.now()
    choices = counts.choices(request.actor, now)
    chosen = _chosen(request, choices)
    found = counts.counts(request.actor, now, chosen.id if chosen else None)
    note_look(request.actor, "counts", (), rows=len(found.pairs))
    context = {"counts": found, "few": few, "choices": choices, "chosen": chosen}
    return render(request, "referral/counts.html", context)


@signed_in
@require_GET
def export(request: ActorRequest) -> HttpResponse:
    require(counts.may_count(request.actor), _WHO)
    now = timezone.now()
    line = _chosen(request, counts.choices(request.actor, now))
    found = counts.counts(request.actor, now, line.id if line else None)
    chosen = {"consortium": str(line.id)} if line else {}
    note_export(request.actor, "counts", rows=len(found.pairs), chosen=chosen)
    day = timezone.localdate()
    about = gettext(_("截至 {day} 的最近 90 天；少于 5 的数写作 <5")).format(day=day)
    sheets = (
        Sheet("", [about], [(head, _WIDTH) for head in heads], rows, tab=tab)
        for tab, heads, rows in _parts(found)
    )
    return workbook("referral-counts", sheets)


def _chosen(
    request: ActorRequest, choices: Sequence[ConsortiumLine]
) -> ConsortiumLine | None:
    """The consortium asked for; else the first, which the house leads."""
    asked = request.GET.get("consortium", "")
    first = choices[0] if choices else None
    return next((line for line in choices if str(line.id) == asked), first)


def _parts(found: counts.Counts) -> Iterable[_Part]:
    yield _("总计"), (_("项目"), _("数值")), _totals(found)
    yield (
        _("各县"),
        (_("县（市、区）"), _("上转"), _("下转"), _("下转/上转"), _("按时应答")),
        [
            (c.name, few(c.flow.up), few(c.flow.down), c.flow.words, c.in_time.words)
            for c in found.counties
        ],
    )
    yield (
        _("机构之间"),
        (_("转出机构"), _("接收机构"), _("上转"), _("下转"), _("平转"), _("按时应答")),
        [
            (
                p.from_name,
                p.to_name,
                few(p.up),
                few(p.down),
                few(p.same_tier),
                p.in_time.words,
            )
            for p in found.pairs
        ],
    )
    reasons = [(line.name, line.words) for line in found.reasons]
    yield _("退回原因"), (_("原因"), _("次数")), reasons


def _minutes(wait: timedelta | None) -> int | None:
    return None if wait is None else round(wait.total_seconds() / 60)


def _totals(found: counts.Counts) -> Sequence[Sequence[Any]]:
    return (
        (_("上转"), few(found.flow.up)),
        (_("下转"), few(found.flow.down)),
        (_("平转"), few(found.same_tier)),
        (_("下转/上转"), found.flow.words),
        (_("按时应答"), found.in_time.words),
        (_("退回"), found.declined.words),
        (_("应答时间中位数（分钟）"), _minutes(found.median)),
    )
