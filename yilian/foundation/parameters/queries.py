"""The value in force on a day in an area."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.foundation.parameters import policies
from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.rules import (
    KEYS,
    STATE_NAMES,
    Key,
    Released,
    in_force,
)
from yilian.kernel.areas import NINGXIA
from yilian.kernel.text import Text

T = TypeVar("T")

SECONDS: Final = 10.0
MOST_SHOWN: Final = 100


@dataclass(slots=True)
class _Remembered:
    """All released values, a few hundred at most; other processes' releases are
    seen within `SECONDS`."""

    until: float = 0.0
    by_key: dict[str, Sequence[Released]] = field(default_factory=dict)


_remembered = _Remembered()


def value_of(key: Key[T], day: date, area: str = NINGXIA) -> T:
    return in_force(key, _released().get(key.name, ()), day, area)


def forget() -> None:
    """The next question asks the database again."""
    _remembered.until = 0.0


def _released() -> dict[str, Sequence[Released]]:
    now = time.monotonic()
    if now >= _remembered.until:
        by_key: dict[str, list[Released]] = {}
        rows = ParameterValue.objects.filter(state="released")
        for key, *facts in rows.values_list("key", "area_code", "starts_on", "value"):
            by_key.setdefault(key, []).append(Released(*facts))
        _remembered.by_key = dict(by_key)
        _remembered.until = now + SECONDS
    return _remembered.by_key


@dataclass(frozen=True, slots=True)
class KeyLine:
    key: Key[Any]
    value: Any
    waiting: int  # proposals nobody has decided on

    @property
    def shown(self) -> Sequence[Text] | str:
        return self.key.shown(self.value)


@dataclass(frozen=True, slots=True)
class ValueLine:
    row: ParameterValue
    shown: Sequence[Text] | str
    title: str
    unit: str
    proposed_by: UUID
    can_decide: bool

    @property
    def state_words(self) -> str:
        return STATE_NAMES[self.row.state]


def keys(day: date, area: str = NINGXIA) -> list[KeyLine]:
    waiting = Counter(
        ParameterValue.objects.filter(state="proposed").values_list("key", flat=True)
    )
    return [
        KeyLine(key, value_of(key, day, area), waiting[name])
        for name, key in sorted(KEYS.items())
    ]


def proposals(actor: Actor) -> list[ValueLine]:
    rows = ParameterValue.objects.filter(state="proposed").order_by("proposed_at")
    return [_line(actor, row) for row in rows]


def history(actor: Actor, key: Key[Any]) -> list[ValueLine]:
    rows = ParameterValue.objects.filter(key=key.name)
    newest = rows.order_by("-starts_on", "-proposed_at")[:MOST_SHOWN]
    return [_line(actor, row) for row in newest]


def _line(actor: Actor, row: ParameterValue) -> ValueLine:
    key = KEYS.get(row.key)
    may = policies.can_decide(actor, proposed_by=row.proposed_by_id)
    return ValueLine(
        row=row,
        shown=key.shown(key.read(row.value)) if key else str(row.value),
        title=key.title if key else row.key,
        unit=key.unit if key else "",
        proposed_by=row.proposed_by_id,
        can_decide=may and row.state == "proposed",
    )
