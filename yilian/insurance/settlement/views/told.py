"""A settlement's steps in the words of a page: each with its ground and the values
it rests on, each value with the release it comes from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.rules.editing import split
from yilian.insurance.policy.rules.naming import name_of
from yilian.insurance.policy.rules.sets import Reference
from yilian.insurance.policy.rules.typing_in import shown
from yilian.insurance.settlement.queries.detail import SettlementDetail
from yilian.insurance.settlement.rules.trace import Step
from yilian.kernel.text import Text, _

Releases = Mapping[tuple[str, str], UUID]


@dataclass(frozen=True, slots=True)
class ValueLine:
    """A parameter as it was: its name, whom it is of, what it said, since when."""

    title: str
    of: tuple[Any, ...]
    value: Any
    starts_on: date
    set_name: str
    release_id: UUID | None
    source: str


@dataclass(frozen=True, slots=True)
class StepLine:
    title: str
    formula: str
    working: Text
    note: Text | None
    clause: str
    values: list[ValueLine]


@dataclass(frozen=True, slots=True)
class ShareLine:
    """As `blocks.bill` shows it."""

    label: str
    yuan: Decimal
    clause: str = ""
    kind: str = ""


def steps_told(
    years: Sequence[tuple[int, list[Step]]],
) -> list[tuple[int, list[StepLine]]]:
    releases = _releases(
        ref for _y, steps in years for s in steps for ref in s.references
    )
    return [(year, [_step(step, releases) for step in steps]) for year, steps in years]


def one_way(steps: Iterable[Step]) -> list[StepLine]:
    """Of an estimate, which knows no year."""
    return steps_told([(0, list(steps))])[0][1]


def shares(found: SettlementDetail) -> list[ShareLine]:
    """Who pays what; what is nothing is left out, save the fund and the patient."""
    amounts = found.amounts
    always = (
        ShareLine(_("医疗总费用"), amounts.total, kind="sum"),
        ShareLine(_("统筹基金支付"), amounts.basic_pay, "RI-2"),
    )
    upper = (
        ShareLine(_("大额补助支付"), amounts.supplement_pay, "RI-5"),
        ShareLine(_("大病保险支付"), amounts.serious_pay, "RI-6"),
        ShareLine(_("医疗救助支付"), amounts.assistance_pay, "RI-7"),
    )
    own = ShareLine(_("个人负担"), amounts.patient_pay, "RI-2", "sum")
    account = ShareLine(_("其中个人账户"), amounts.account_pay, "RI-1", "note")
    return [
        *always,
        *(line for line in upper if line.yuan),
        own,
        *([account] if account.yuan else []),
    ]


def _releases(references: Iterable[Reference]) -> Releases:
    names = {(one.set_id, one.version) for one in references}
    rows = ParameterSetVersion.objects.filter(set_id__in={name for name, _v in names})
    known = {(s, v): pk for s, v, pk in rows.values_list("set_id", "version", "pk")}
    return {name: known[name] for name in names if name in known}


def _step(step: Step, releases: Releases) -> StepLine:
    return StepLine(
        title=step.title,
        formula=step.formula,
        working=step.working,
        note=step.note,
        clause=step.ground,
        values=[_value(one, releases) for one in step.references],
    )


def _value(one: Reference, releases: Releases) -> ValueLine:
    key, below = split(one.id)
    return ValueLine(
        title=key.title if key else one.id,
        of=tuple(
            name_of(name, level.name)
            for name, level in zip(below, key.levels if key else (), strict=False)
        ),
        value=_said(one.value, key.leaf if key else None),
        starts_on=one.starts_on,
        set_name=f"{one.set_id} / {one.version}",
        release_id=releases.get((one.set_id, one.version)),
        source=one.source,
    )


def _said(value: Any, leaf: Any) -> Any:
    if leaf is None:
        return str(value)
    if leaf.options:
        return name_of(str(value))
    told = shown(leaf, leaf.read(value))
    if not isinstance(told, tuple):
        return told
    return [
        name_of(one)
        if isinstance(one, str)
        else Text(_BAND, dict(zip("ab", one, strict=True)))
        for one in told
    ]


_BAND: Final = _("{a} 起 {b}")
