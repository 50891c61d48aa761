"""What a rule pack may hold, word by word; errors say where it does not."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

from yilian.kernel.tier import Tier
from yilian.record.advice import drugs, rules
from yilian.record.advice.checks.numbers import OPS
from yilian.record.advice.codes import BY_CODE
from yilian.record.advice.groups import GROUPS
from yilian.record.advice.rules import Tree
from yilian.record.advice.symptoms import SIGNS

T = TypeVar("T")
Row = Mapping[str, Any]


class PackError(ValueError):
    """A rule pack is not right; the message says where."""


# --- values ------------------------------------------------------------------


def _one_of(kind: type[StrEnum]) -> Callable[[Any], StrEnum]:
    def read(value: Any) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(kind)
            raise PackError(f"{value!r} is none of: {known}") from None

    return read


def _words_of(known: Iterable[str]) -> Callable[[Any], tuple[str, ...]]:
    allowed = frozenset(known)

    def read(value: Any) -> tuple[str, ...]:
        found = value.split("|") if isinstance(value, str) else value
        if not isinstance(found, list) or not found:
            raise PackError(f"{value!r} is not a list of codes")
        for word in found:
            if word not in allowed:
                raise PackError(f"unknown code {word!r}")
        return tuple(found)

    return read


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PackError(f"{value!r} is not a text")
    return value


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise PackError(f"{value!r} is not a list of texts")
    return tuple(_word(item) for item in value)


def _op(value: Any) -> str:
    if value not in OPS:
        raise PackError(f"{value!r} is none of: {', '.join(OPS)}")
    return str(value)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PackError(f"{value!r} is not a number")
    return Decimal(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PackError(f"{value!r} is not a whole number from 0 on")
    return value


def _day(value: Any) -> date:
    if type(value) is not date:
        raise PackError(f"{value!r} is not a day")
    return value


def _tiers(value: Any) -> tuple[Tier, ...]:
    return tuple(Tier(_one_of(Tier)(item)) for item in _words(value))


def _params(value: Any) -> dict[str, Decimal]:
    if not isinstance(value, dict):
        raise PackError("params is not a table")
    return {name: _decimal(limit) for name, limit in value.items()}


_DRUGS: Final = frozenset(drugs.SETS) | drugs.CLASSES
_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "code": _words_of(analyte.code for analyte in BY_CODE.values()),
    "recorded": _words_of(analyte.code for analyte in BY_CODE.values()),
    "symptom_any": _words_of(SIGNS),
    "finding_any": _words_of(SIGNS),
    "condition_any": _words_of(GROUPS),
    "drug_any": _words_of(_DRUGS),
    "drug_change": _words_of(_DRUGS),
    "including": _words_of(_DRUGS),
    "op": _op,
    "age": _op,
    "onset_age": _op,
    "value": _decimal,
    "unit": _word,
    "scope": _one_of(rules.Scope),
    "aggregate": _one_of(rules.Aggregate),
    "unmentioned": _one_of(rules.Silence),
    "undated": _one_of(rules.Silence),
    "test": _one_of(rules.TargetTest),
    "state": _one_of(rules.DiagnosisState),
    "direction": _one_of(rules.Direction),
    "urgency": _one_of(rules.Urgency),
    "referral_urgency": _one_of(rules.ReferralUrgency),
    "from_tier": _tiers,
    "to_tier": _one_of(Tier),
    "params": _params,
    "effective_from": _day,
    "source": _words,
    "evidence": _words,
    "superseded_by": _words,
}
_COUNTS: Final = frozenset(
    {
        "window_days", "readings", "count", "consecutive", "steady_readings",
        "raised_days", "swing_visits", "new_within_days", "older_than_days",
        "classes_at_least", "for_days", "check_result_within_days",
        "next_within_days",
    }
)  # fmt: skip

# --- trees -------------------------------------------------------------------

# The key that tells what kind of condition it is; the first that is there wins.
_KINDS: Final[tuple[tuple[str, Callable[..., Tree]], ...]] = (
    ("op", rules.Number),
    ("test", rules.Target),
    ("steady_readings", rules.Steady),
    ("raised_days", rules.RaisedDays),
    ("swing_visits", rules.Swing),
    ("recorded", rules.Recorded),
    ("symptom_any", rules.Symptom),
    ("finding_any", rules.Finding),
    ("onset_age", rules.OnsetAge),
    ("condition_any", rules.Diagnosis),
    ("drug_any", rules.Drug),
    ("drug_change", rules.DrugChange),
    ("age", rules.Age),
)


def build(kind: Callable[..., T], row: Row, where: str, **ready: Any) -> T:
    known = {field.name: field for field in fields(cast(Any, kind))}
    for name in row:
        if name not in known:
            raise PackError(f"{where}: unknown field {name!r}")
    needed = [n for n, f in known.items() if _is_required(f) and n not in ready]
    for name in needed:
        if name not in row:
            raise PackError(f"{where}: field {name!r} is missing")
    given = {n: read_value(n, v, where) for n, v in row.items() if n not in ready}
    return kind(**given, **ready)


def _is_required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def read_value(name: str, value: Any, where: str) -> Any:
    default: Callable[[Any], Any] = _count if name in _COUNTS else _word
    try:
        return _READ.get(name, default)(value)
    except PackError as error:
        raise PackError(f"{where}.{name}: {error}") from None


@dataclass(frozen=True, slots=True)
class Trees:
    """Reads trees; `use` stands for a tree that the pack has defined before."""

    defined: dict[str, Tree]

    def read(self, row: Any, where: str) -> Tree:
        if not isinstance(row, dict):
            raise PackError(f"{where}: {row!r} is not a condition")
        for key, read in (("all", self._all), ("any", self._any), ("not", self._not)):
            if key in row:
                self._alone(row, where)
                return read(row[key], f"{where}.{key}")
        if "use" in row:
            return self._use(row, where)
        return _leaf(row, where)

    def _all(self, rows: Any, where: str) -> Tree:
        return rules.AllOf(self._parts(rows, where))

    def _any(self, rows: Any, where: str) -> Tree:
        return rules.AnyOf(self._parts(rows, where))

    def _not(self, row: Any, where: str) -> Tree:
        return rules.Not(self.read(row, where))

    def _use(self, row: Row, where: str) -> Tree:
        self._alone(row, where)
        if row["use"] not in self.defined:
            raise PackError(f"{where}.use: {row['use']!r} is not defined before")
        return self.defined[row["use"]]

    def _parts(self, rows: Any, where: str) -> tuple[Tree, ...]:
        if not isinstance(rows, list) or not rows:
            raise PackError(f"{where}: needs at least one condition")
        return tuple(self.read(row, f"{where}[{n}]") for n, row in enumerate(rows))

    @staticmethod
    def _alone(row: Row, where: str) -> None:
        if len(row) > 1:
            raise PackError(
                f"{where}: {', '.join(map(repr, row))} cannot stand together"
            )


def _leaf(row: Row, where: str) -> Tree:
    kind = next((kind for key, kind in _KINDS if key in row), None)
    if kind is None:
        raise PackError(
            f"{where}: no kind of condition has {', '.join(row) or 'nothing'}"
        )
    leaf: Tree = build(kind, row, where)
    _check_unit(leaf, where)
    _check_window(leaf, where)
    return leaf


def _check_unit(leaf: Tree, where: str) -> None:
    if not isinstance(leaf, rules.Number | rules.Swing):
        return
    for code in leaf.code:
        if BY_CODE[code].unit != leaf.unit:
            raise PackError(f"{where}.unit: {code} is read in {BY_CODE[code].unit}")


def _check_window(leaf: Tree, where: str) -> None:
    if not isinstance(leaf, rules.Number | rules.Symptom | rules.Finding):
        return
    if leaf.scope is rules.Scope.WINDOW and leaf.window_days is None:
        raise PackError(f"{where}: scope window needs window_days")
