"""The value in force on a day in an area."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeVar

from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.rules import Key, Released, in_force
from yilian.kernel.areas import NINGXIA

T = TypeVar("T")

SECONDS: Final = 10.0


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
