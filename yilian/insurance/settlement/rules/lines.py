"""Charge lines as a bill keeps them, and back."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from yilian.insurance.settlement.rules.case import CatalogClass, Line
from yilian.insurance.settlement.rules.trace import plain_ratio
from yilian.kernel.money import Fen, plain_yuan, to_millionths

# Said besides what docs/settle.md names: which item of the price catalogue it is.
BESIDES: Final = ("item", "name")


def kept(line: Line, besides: Mapping[str, str]) -> dict[str, Any]:
    """What is the usual is left out."""
    found: dict[str, Any] = {
        "catalog_class": line.catalog_class.value,
        "amount": plain_yuan(line.amount),
    }
    if line.over_limit:
        found["over_limit"] = plain_yuan(line.over_limit)
    if line.self_pay_first_rate is not None:
        found["self_pay_first_rate"] = plain_ratio(line.self_pay_first_rate)
    if line.on is not None:
        found["on"] = line.on.isoformat()
    return {**found, **besides}


def lines_of(raw: Iterable[Mapping[str, Any]]) -> tuple[Line, ...]:
    return tuple(
        Line(
            _CLASSES[one["catalog_class"]],
            fen_of(one["amount"]),
            fen_of(one["over_limit"]) if "over_limit" in one else 0,
            _rate(one.get("self_pay_first_rate")),
            date.fromisoformat(one["on"]) if "on" in one else None,
        )
        for one in raw
    )


_CLASSES: Final = {one.value: one for one in CatalogClass}


def fen_of(plain: str) -> Fen:
    """Of an amount with two places, as we keep it."""
    return int(plain.replace(".", ""))


def _rate(plain: str | None) -> int | None:
    return None if plain is None else to_millionths(Decimal(plain))
