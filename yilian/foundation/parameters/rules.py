"""Keys of values that a region may set: clocks, validity, limits.

A module lists its keys in its own `parameters.py` and registers them when it is
imported; the default carries the clause it rests on.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from yilian.kernel.areas import LENGTHS, NINGXIA
from yilian.kernel.clause import Clause
from yilian.kernel.dated import Dated, NoValueInForce
from yilian.kernel.text import Text, _

T = TypeVar("T")


STATE_NAMES: Final[Mapping[str, str]] = {
    "proposed": _("待发布"),
    "released": _("已发布"),
    "rejected": _("已退回"),
}


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """`check` says in a marked text what is wrong with a value, or None.

    Released values are kept as JSON; `read` makes a T of one (`Decimal`, say, of a
    string) and raises ValueError or TypeError for what is none. Where JSON is not for
    people, `write` makes it of what they type, in several lines as the `hint` says,
    and `words` tells a T to them.
    """

    name: str  # "referral.answer_minutes.stat"
    title: str
    default: Dated[T]
    clause: Clause | None
    unit: str = ""
    check: Callable[[T], str | None] | None = None
    read: Callable[[Any], T] = field(default=_as_it_is)
    write: Callable[[str], Any] | None = None
    words: Callable[[T], Sequence[Text]] | None = None
    hint: str = ""

    def shown(self, value: T) -> Sequence[Text] | str:
        return self.words(value) if self.words else str(value)


@dataclass(frozen=True, slots=True)
class Released:
    """A value in force from a day on, in an area and all within it."""

    area_code: str
    starts_on: date
    value: Any


class UnknownKey(LookupError):
    """No module has registered this key."""


_KEYS: Final[dict[str, Key[Any]]] = {}
KEYS: Final[Mapping[str, Key[Any]]] = MappingProxyType(_KEYS)


def register(key: Key[T]) -> Key[T]:
    """The key itself, so that a module can write `DAYS = register(Key(…))`."""
    known = _KEYS.setdefault(key.name, key)
    if known.title != key.title:
        raise ValueError(f"two keys are called {key.name}")
    return key


def key_named(name: str) -> Key[Any]:
    try:
        return KEYS[name]
    except KeyError:
        raise UnknownKey(name) from None


def example_of(key: Key[T]) -> T:
    """A value of the right kind: the default's first."""
    return next(iter(key.default.by_start.values()))


def typed(key: Key[Any], text: str) -> Any:
    """What somebody typed, as JSON would keep it; ValueError for what is no value."""
    if key.write is not None:
        return key.write(text)
    example = example_of(key)
    if isinstance(example, str | Decimal):
        return text.strip()
    return json.loads(text)


def in_force(key: Key[T], released: Sequence[Released], day: date, area: str) -> T:
    """The nearest area that has a value decides; within it, the latest start.

    The default counts as a value of the whole region.
    """
    for code in enclosing(area):
        starts = {r.starts_on: r.value for r in released if r.area_code == code}
        if code == NINGXIA:
            return _latest_of_region(key, starts, day)
        started = [start for start in starts if start <= day]
        if started:
            return key.read(starts[max(started)])
    return key.default.on(day)


def enclosing(area: str) -> list[str]:
    """The area and what it lies in, nearest first, up to the region: 640106 6401 64."""
    longer = sorted((n for n in LENGTHS.values() if n <= len(area)), reverse=True)
    return [area[:n] for n in longer] or [NINGXIA]


def _latest_of_region(key: Key[T], starts: Mapping[date, Any], day: date) -> T:
    read = {start: key.read(value) for start, value in starts.items() if start <= day}
    both = Dated({**key.default.by_start, **read})
    try:
        return both.on(day)
    except NoValueInForce:
        raise NoValueInForce(f"{key.name} has no value on {day}") from None
