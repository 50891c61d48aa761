"""The trail as a table for other programs, CSV."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from yilian.foundation.access.forms import said
from yilian.foundation.audit.queries import EntryLine
from yilian.kernel.calendar import local

# A spreadsheet would take these for the beginning of a formula.
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(lines: Iterable[EntryLine]) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    if settings.YILIAN_DEMO:
        table.writerow([_("演示数据：人员、数字和事件均为虚构")])
    table.writerow(_head())
    for line in lines:
        table.writerow(_harmless(cell) for cell in _cells(line))
    return "\ufeff" + text.getvalue()  # so that spreadsheets read it as UTF-8


def _head() -> list[str]:
    return [
        _("时间"),
        _("事项"),
        _("代码"),
        _("结果"),
        _("操作人"),
        _("账号编号"),
        _("角色"),
        _("机构"),
        _("来源地址"),
        _("居民编号"),
        _("对象"),
        _("对象编号"),
        _("依据"),
        _("紧急调阅"),
    ]


def _cells(line: EntryLine) -> list[str]:
    row = line.entry
    return [
        local(row.at).strftime("%Y-%m-%d %H:%M:%S"),
        said(line.action),
        row.action,
        said(line.outcome),
        row.actor_name,
        str(row.account_id or ""),
        " ".join(said(role) for role in line.roles),
        line.institution,
        row.origin,
        " ".join(str(person) for person in line.persons),
        row.object_kind,
        str(row.object_id or ""),
        said(line.ground),
        _("是") if row.is_break_glass else "",
    ]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell
