"""A set as readable tables: by insurance, grade and tier, each value with its ground.

Keys of several dimensions get a table of their own; neighbours with the same single
dimension share one, and so do those without any.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from yilian.insurance.policy.rules.keys import (
    ANY,
    GROUP,
    KEYS,
    TYPE,
    TYPES,
    Key,
)
from yilian.insurance.policy.rules.naming import name_of
from yilian.insurance.policy.rules.sets import ParameterSet, Row
from yilian.insurance.policy.rules.tables import leaves
from yilian.insurance.policy.rules.typing_in import in_field, shown
from yilian.kernel.text import Text, _

DEMO: Final = "demo"
Words = str | Text


@dataclass(frozen=True, slots=True)
class Ground:
    """On what a value rests, and when it is next another."""

    key: str
    title: str
    clause: str
    source: str
    starts_on: date
    changes_on: date | None

    @property
    def is_demo(self) -> bool:
        return self.source == DEMO


@dataclass(frozen=True, slots=True)
class Cell:
    path: str
    value: Any  # what a table shows
    field: str  # what an input holds
    kind: str
    options: Sequence[tuple[str, Words]] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """`ground` where the lines of a table rest on different ones."""

    labels: tuple[Words, ...]
    cells: tuple[Cell | None, ...]
    ground: Ground | None = None


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Words, ...]
    lines: tuple[Line, ...]
    ground: Ground | None = None

    @property
    def labels(self) -> int:
        return len(self.lines[0].labels)


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    tables: tuple[Table, ...]


_SECTIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "inpatient": (_("住院"), (
        "inpatient.deductible", "inpatient.ratio", "inpatient.annual_ceiling",
        "supplement.ratio", "supplement.annual_limit",
        "first_self_pay_rate", "repeat_factor", "cross_year_mode",
    )),
    "referral": (_("转诊与连续计算"), (
        "chain_gap_days", "chain_target", "chain_resets_at_new_year",
        "penalty_factor", "no_referral_counts_as_non_compliant",
        "emergency_filing_days", "exempt_age_from", "exempt_age_to", "exemptions",
        "penalty_mode", "penalty_points", "referral_validity_days",
    )),
    "outpatient": (_("门诊"), (
        "outpatient.ratio", "outpatient.visit_limit", "outpatient.annual_limit",
        "outpatient.annual_deductible", "long_rx_limit_multiplier",
        "long_rx_max_months",
    )),
    "diseases": (_("两病与慢特病"), (
        "two_disease.ratio", "two_disease.annual_limit", "special_disease.quota",
        "special_disease.annual_deductible",
    )),
    "serious": (_("大病保险"), (
        "serious.deductible", "serious.bands", "serious.annual_ceiling",
        "serious.favoured", "serious.favoured_factor", "serious.favoured_points",
        "penalty_counts_to_serious", "over_ceiling_counts_to_serious",
    )),
    "assistance": (_("医疗救助与计入范围"), (
        "assistance.ratio", "assistance.deductible", "assistance.annual_ceiling",
        "counts_to_ceiling", "counts_to_serious", "counts_to_assistance",
    )),
}  # fmt: skip
_REST: Final = ("budget", _("总额付费"))


def sections(parameters: ParameterSet, day: date) -> list[Section]:
    """What holds on the day; keys without a section come last."""
    rows = parameters.on(day).rows
    placed = {name for _title, names in _SECTIONS.values() for name in names}
    rest = tuple(name for name in KEYS if name not in placed)
    named = [(i, t, names) for i, (t, names) in _SECTIONS.items()]
    return [
        Section(id_, title, tuple(_tables(parameters, rows, names, day)))
        for id_, title, names in [*named, (*_REST, rest)]
    ]


def cells(parameters: ParameterSet, day: date) -> Iterator[Cell]:
    """Every value of the day: what a form sends back."""
    for section in sections(parameters, day):
        for table in section.tables:
            for line in table.lines:
                yield from (cell for cell in line.cells if cell is not None)


def _tables(
    parameters: ParameterSet, rows: Mapping[str, Row], names: Iterable[str], day: date
) -> Iterator[Table]:
    keys = [KEYS[name] for name in names if name in rows]
    for shape, group in groupby(keys, _shape):
        members = list(group)
        if shape[0] == "own":
            yield from (_own_table(parameters, rows[k.name], k, day) for k in members)
        else:
            yield _shared_table(parameters, rows, members, day)


def _shape(key: Key) -> tuple[str, ...]:
    """Keys of the same shape share a table; open names differ from key to key."""
    is_open = any(level.is_open for level in key.levels)
    if len(key.levels) > 1 or is_open:
        return ("own", key.name)
    return ("shared", *(level.name for level in key.levels))


def _own_table(parameters: ParameterSet, row: Row, key: Key, day: date) -> Table:
    found = dict(leaves(row.value, len(key.levels)))
    columns, place = _columns(key)
    heads = sorted({_head(path, place) for path in found}, key=_order)
    lines = [
        Line(
            _labels(key, head, heads, place),
            tuple(
                _cell(key, path, found[path]) if path in found else None
                for path in (_path(head, column, place) for column in columns)
            ),
        )
        for head in heads
    ]
    names = tuple(name_of(column) if column else _("值") for column in columns)
    return Table(names, tuple(lines), _ground(parameters, row, key, day))


def _columns(key: Key) -> tuple[tuple[str, ...], int | None]:
    """A closed dimension, and which it is: the last, else that of insurances before
    names which a region may add to; None where each value has a line."""
    if not key.levels[-1].is_open:
        return key.levels[-1].options, len(key.levels) - 1
    if key.levels[0] is TYPE and key.levels[-1] is not GROUP:
        return TYPE.options, 0
    return ("",), None


def _head(path: tuple[str, ...], place: int | None) -> tuple[str, ...]:
    return path if place is None else (*path[:place], *path[place + 1 :])


def _path(head: tuple[str, ...], column: str, place: int | None) -> tuple[str, ...]:
    return head if place is None else (*head[:place], column, *head[place:])


def _labels(
    key: Key,
    head: tuple[str, ...],
    heads: Sequence[tuple[str, ...]],
    place: int | None,
) -> tuple[Words, ...]:
    """Everybody of an insurance is not said where nobody else is."""
    if not head:
        return (key.title,)
    alone = sum(other[:-1] == head[:-1] for other in heads) == 1
    shown = head[:-1] if alone and len(head) > 1 and head[-1] == ANY else head
    names = [level.name for at, level in enumerate(key.levels) if at != place]
    return tuple(name_of(n, level) for n, level in zip(shown, names, strict=False))


def _order(head: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """Residents before employees; those for everybody else at the end of each."""
    return tuple((_rank(name), name) for name in head)


def _rank(name: str) -> int:
    return TYPES.index(name) if name in TYPES else int(name == ANY)


def _shared_table(
    parameters: ParameterSet, rows: Mapping[str, Row], keys: list[Key], day: date
) -> Table:
    options = keys[0].levels[0].options if keys[0].levels else ("",)
    lines = []
    for key in keys:
        row = rows[key.name]
        made = tuple(
            _cell(key, (o,) if o else (), row.value[o] if o else row.value)
            for o in options
        )
        lines.append(Line((key.title,), made, _ground(parameters, row, key, day)))
    return Table(tuple(name_of(o) if o else _("值") for o in options), tuple(lines))


def _cell(key: Key, below: tuple[str, ...], value: Any) -> Cell:
    choices = [(option, name_of(option)) for option in key.leaf.options]
    said = name_of(value) if choices else shown(key.leaf, value)
    if key.leaf.name == "words":
        said = tuple(name_of(word) for word in value)
    return Cell(
        path=".".join((key.name, *below)),
        value=said,
        field=in_field(key.leaf, value),
        kind=key.leaf.name,
        options=tuple(choices),
    )


def _ground(parameters: ParameterSet, row: Row, key: Key, day: date) -> Ground:
    later = [
        other.starts_on
        for other in parameters.rows
        if other.key == key.name and other.starts_on > day
    ]
    return Ground(
        key=key.name,
        title=key.title,
        clause=row.clause,
        source=row.source,
        starts_on=row.starts_on,
        changes_on=min(later, default=row.ends_on),
    )
