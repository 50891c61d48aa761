"""Who was told when: the ladder as part of a hop's history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from yilian.care.referral.models import Referral, Reminder
from yilian.care.referral.rules.ladder import (
    AUDIENCE_NAMES,
    MANUAL,
    MANUAL_NAME,
    NEXT,
    Audience,
    Clock,
    rung_named,
)
from yilian.kernel.text import Text, _

_KINDS: Final[Mapping[str, str]] = {
    "duty": "urgent",
    "office": "stat",
    NEXT: "stat",
    MANUAL: "now",
}
_BY_PHONE: Final = _("{who}（短信）")


@dataclass(frozen=True, slots=True)
class ReminderLine:
    """As a line of the time line: `words` is the rung, `note` whom it told."""

    at: datetime
    words: str | Text
    who: str
    note: Text | str
    kind: str


def reminders(referral: Referral) -> list[ReminderLine]:
    """In the order in which they were written; both sides may know."""
    rows = referral.reminders.select_related("institution")
    ordered = rows.order_by("fired_at", "reached_at", "pk")
    return [_line(row) for row in ordered]


def _line(row: Reminder) -> ReminderLine:
    place = row.institution.short_name if row.institution else ""
    return ReminderLine(
        at=row.fired_at,
        words=Text(_("催办：{rung}"), {"rung": _name(row)}),
        who=" · ".join(part for part in (place, row.actor_name) if part),
        note=_note(row),
        kind="" if row.is_skipped else _KINDS.get(row.rung, ""),
    )


def _name(row: Reminder) -> str:
    if row.rung == MANUAL:
        return MANUAL_NAME
    rung = rung_named(Clock(row.clock), row.rung)
    return rung.name if rung else row.rung


def _note(row: Reminder) -> Text | str:
    if row.is_skipped:
        return _("发现时已到更高一级，未再单独通知")
    return Text(_("已通知{readers}"), {"readers": readers_of(row)})


def readers_of(row: Reminder) -> list[Text]:
    """Who was told, and how."""
    return [_reader(one) for one in row.told if one["by"]]


def _reader(one: Mapping[str, Any]) -> Text:
    part = one["name"] or AUDIENCE_NAMES[Audience(one["audience"])]
    who = Text(_("{house} {part}"), {"house": one["house"], "part": part})
    return Text(_BY_PHONE, {"who": who}) if "sms" in one["by"] else who
