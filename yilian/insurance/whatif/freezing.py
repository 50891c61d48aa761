"""A report made fit to be shown: houses named, small cells folded together.

A row with fewer than `LEAST` services joins the row "other"; if that is still small,
the next smallest joins too, so that no sum gives the small one away. Of counts of
persons, one to four are not told.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from yilian.insurance.policy.rules.keys import ANY
from yilian.insurance.policy.rules.naming import name_of
from yilian.insurance.settlement.rules.case import (
    INSURANCE_NAMES,
    PLACE_NAMES,
    Aid,
    Insurance,
    Kind,
    Place,
    Scheme,
)
from yilian.insurance.settlement.rules.names import AID_NAMES, service_name
from yilian.kernel.text import _

GRADE: Final = _("{n} 档")

LEAST: Final = 10
LEAST_PERSONS: Final = 5
OTHER: Final = _("其他（合并）")
OUTSIDE: Final = _("区外机构")
Row = dict[str, Any]


def frozen(report: Mapping[str, Any], houses: Sequence[str]) -> dict[str, Any]:
    """`houses`: names by the number that the report knows them by."""
    return {
        "funds": report["funds"],
        "by_person": folded(report["by_person"], _person),
        "by_tier": folded(report["by_tier"], _tier),
        "by_institution": folded(
            report["by_institution"], lambda row: [houses[row["institution"]]]
        ),
        "persons_by_change": _changes(report["persons_by_change"]),
        "behaviour": _behaviour(report["behaviour"]),
    }


def folded(rows: Iterable[Row], labels: Any) -> list[Row]:
    told = [{**_amounts(row), "labels": labels(row)} for row in rows]
    told.sort(key=lambda row: row["services"])
    small = [row for row in told if row["services"] < LEAST]
    kept = told[len(small) :]
    if not small:
        return sorted(kept, key=lambda row: row["labels"])
    while sum(row["services"] for row in small) < LEAST and kept:
        small.append(kept.pop(0))
    if sum(row["services"] for row in small) < LEAST:
        return []
    return [*sorted(kept, key=lambda row: row["labels"]), _sum(small)]


def _amounts(row: Row) -> Row:
    return {
        name: value
        for name, value in row.items()
        if name == "services" or isinstance(value, dict)
    }


def _sum(rows: Sequence[Row]) -> Row:
    found: Row = {"labels": [OTHER], "services": sum(row["services"] for row in rows)}
    for name in rows[0]:
        if name not in found:
            found[name] = {
                part: f"{sum(Decimal(row[name][part]) for row in rows):.2f}"
                for part in rows[0][name]
            }
    return found


def _person(row: Row) -> list[str]:
    return [
        INSURANCE_NAMES[Insurance(row["insurance"])],
        _group(row["group"]),
        AID_NAMES[Aid(row["aid"])] if row["aid"] else "",
    ]


def _group(group: str) -> str:
    if group == ANY:
        return ""
    return GRADE.format(n=group) if group.isdecimal() else str(name_of(group))


def _tier(row: Row) -> list[str]:
    is_stay = row["service"] == Kind.INPATIENT
    name = (
        service_name(Kind.INPATIENT, Scheme.ORDINARY)
        if is_stay
        else service_name(Kind.OUTPATIENT, Scheme(row["service"]))
    )
    return [PLACE_NAMES[Place(row["place"])], name]


_NOT_COUNTS: Final = frozenset({"insurance", "group", "aid"})


def _changes(rows: Iterable[Row]) -> list[Row]:
    """Kinds of persons with too few go together; then one to four are not told."""
    told = [
        {"labels": _person(row)}
        | {name: n for name, n in row.items() if name not in _NOT_COUNTS}
        for row in rows
    ]
    size = {id(row): sum(v for k, v in row.items() if k != "labels") for row in told}
    told.sort(key=lambda row: size[id(row)])
    small = [row for row in told if size[id(row)] < LEAST]
    kept = told[len(small) :]
    while small and sum(size[id(row)] for row in small) < LEAST and kept:
        small.append(kept.pop(0))
    if small and sum(size[id(row)] for row in small) >= LEAST:
        names = [name for name in small[0] if name != "labels"]
        together = {name: sum(row[name] for row in small) for name in names}
        kept.append({"labels": [OTHER], **together})
    return [_not_told(row) for row in kept]


def _not_told(row: Row) -> Row:
    return {
        name: None if isinstance(value, int) and 0 < value < LEAST_PERSONS else value
        for name, value in row.items()
    }


def _behaviour(rows: Sequence[Mapping[str, str]]) -> list[Row]:
    """Batches of the same tier, their mean."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        found.setdefault(row["tier"], []).append(row)
    return [
        {"label": PLACE_NAMES[Place(tier)]}
        | {
            name: f"{sum(Decimal(one[name]) for one in same) / len(same):.4f}"
            for name in same[0]
            if name != "tier"
        }
        for tier, same in found.items()
    ]
