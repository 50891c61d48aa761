"""Scenarios as a page shows them: the list, one, two side by side, bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.forms import said
from yilian.foundation.access.scope import find
from yilian.insurance.policy.rules.editing import split
from yilian.insurance.policy.rules.naming import name_of
from yilian.insurance.whatif.models import Scenario
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.text import _

SIZE: Final = 40
FUND_NAMES: Final[Mapping[str, str]] = {
    "total_amount": _("医疗总费用"),
    "basic_pay": _("统筹基金支付"),
    "supplement_pay": _("大额补助支付"),
    "serious_pay": _("大病保险支付"),
    "assistance_pay": _("医疗救助支付"),
    "patient_pay": _("个人负担"),
}
CHANGE_NAMES: Final[Mapping[str, str]] = {
    "saves_1000": _("少付 1,000 元以上"),
    "saves_100": _("少付 100–1,000 元"),
    "saves_less": _("少付不到 100 元"),
    "same": _("不变"),
    "pays_less_than_100": _("多付不到 100 元"),
    "pays_100": _("多付 100–1,000 元"),
    "pays_1000": _("多付 1,000 元以上"),
}
_FUNDS: Final = ("basic_pay", "supplement_pay", "serious_pay", "assistance_pay")


@dataclass(frozen=True, slots=True)
class Compared:
    """`bar`: the difference, in percent of the largest of the table."""

    label: str
    services: int
    fund_today: Decimal
    fund_tried: Decimal
    patient_today: Decimal
    patient_tried: Decimal
    bar: float = 0.0

    @property
    def fund_difference(self) -> Decimal:
        return self.fund_tried - self.fund_today

    @property
    def patient_difference(self) -> Decimal:
        return self.patient_tried - self.patient_today


@dataclass(frozen=True, slots=True)
class Change:
    title: str
    clause: str
    where: Sequence[str]
    value: Any


@dataclass(frozen=True, slots=True)
class Shown:
    """Of a scenario that is done."""

    funds: Sequence[tuple[str, Decimal, Decimal, Decimal]]
    tables: Sequence[tuple[str, Sequence[Compared]]]
    changes: Sequence[tuple[str, Sequence[int | None]]]
    behaviour: Sequence[Mapping[str, Any]]
    persons: int
    services: int


def scenarios(actor: Actor, cursor: str | None = None) -> Page[Scenario]:
    rows = Scenario.objects.visible_to(actor).defer("result", "changes")
    mark = read_mark(cursor)
    if mark is not None:
        rows = rows.filter(Q(made_at__lt=mark.at) | Q(made_at=mark.at, id__gt=mark.id))
    newest = list(rows.select_related("base").order_by("-made_at", "id")[: SIZE + 1])
    return cut(newest, SIZE, lambda row: Mark(row.made_at, row.id))


def scenario(actor: Actor, scenario_id: UUID) -> Scenario:
    rows = Scenario.objects.visible_to(actor).select_related("base", "made_by")
    return find(rows, scenario_id)


def others(actor: Actor, row: Scenario) -> list[tuple[UUID, str]]:
    """Those that it can be laid beside: of the same year and area, and done."""
    rows = Scenario.objects.visible_to(actor).filter(
        year=row.year, area_code=row.area_code, state=Scenario.State.DONE
    )
    newest = rows.exclude(pk=row.pk).order_by("-made_at")
    return list(newest.values_list("id", "name")[:SIZE])


def changes_of(row: Scenario) -> list[Change]:
    found = []
    for path, value in row.changes.items():
        key, below = split(path.partition("@")[0])
        if key is not None:
            names = [str(name_of(name)) for name in below]
            found.append(Change(key.title, key.clause, names, value))
    return found


def shown(row: Scenario) -> Shown:
    result = row.result or {}
    tables = (
        (_("按参保人群"), "by_person"),
        (_("按层级和类别"), "by_tier"),
        (_("按机构"), "by_institution"),
    )
    return Shown(
        funds=[
            (words, *_three(result["funds"][name]))
            for name, words in FUND_NAMES.items()
        ],
        tables=[(words, _barred(result[name])) for words, name in tables],
        changes=[
            (
                " ".join(filter(None, one["labels"])),
                [one[name] for name in CHANGE_NAMES],
            )
            for one in result["persons_by_change"]
        ],
        behaviour=result["behaviour"],
        persons=result["persons"],
        services=result["services"],
    )


def _label(row: Mapping[str, Any]) -> str:
    return " ".join(said(part) for part in row["labels"] if part)


def _three(told: Mapping[str, str]) -> tuple[Decimal, Decimal, Decimal]:
    return (
        Decimal(told["today"]), Decimal(told["tried"]), Decimal(told["difference"])
    )  # fmt: skip


def _barred(rows: Sequence[Mapping[str, Any]]) -> list[Compared]:
    lines = [_compared(row, 1) for row in rows]
    most = max((abs(line.fund_difference) for line in lines), default=Decimal(0))
    return [_compared(row, most) for row in rows]


def _compared(row: Mapping[str, Any], most: Decimal | int) -> Compared:
    fund = [sum(Decimal(row[name][side]) for name in _FUNDS) for side in _SIDES]
    difference = Decimal(fund[1] - fund[0])
    return Compared(
        label=_label(row),
        services=row["services"],
        fund_today=Decimal(fund[0]),
        fund_tried=Decimal(fund[1]),
        patient_today=Decimal(row["patient_pay"]["today"]),
        patient_tried=Decimal(row["patient_pay"]["tried"]),
        bar=float(round(100 * difference / most, 1)) if most else 0.0,
    )


_SIDES: Final = ("today", "tried")
