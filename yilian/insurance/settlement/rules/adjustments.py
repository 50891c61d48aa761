"""What must be booked when a person's services are settled again, 红冲与重结.

A bill that came late, was voided or was decided anew changes later ones: the chain's
deductible, the ceiling, the year's serious illness. Nothing settled is edited. Each
change is a red entry that takes the old amounts back and a new settlement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from yilian.insurance.settlement.rules.result import Settled
from yilian.kernel.money import Fen

Amounts = Mapping[str, Fen]

_BOOKED: Final = (
    "total_amount",
    "in_scope_amount",
    "basic_pay",
    "supplement_pay",
    "compliant_self_pay",
    "serious_pay",
    "assistance_pay",
    "patient_pay",
    "account_pay",
)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """`red` is the old settlement with its signs turned; None for a bill that is new.
    `new` is None for one that is voided.
    """

    service_id: str
    red: Amounts | None
    new: Amounts | None
    difference: Amounts


def adjustments(
    before: Sequence[Settled], after: Sequence[Settled]
) -> list[Adjustment]:
    """In the order of `after`; a service that is the same to the fen is left alone."""
    old = {one.service.id: one for one in before if one.parts}
    new = {one.service.id: one for one in after if one.parts}
    names = dict.fromkeys([*(one.service.id for one in after), *old])
    changes = (_change(name, old.get(name), new.get(name)) for name in names)
    return [change for change in changes if change is not None]


def _change(name: str, old: Settled | None, new: Settled | None) -> Adjustment | None:
    if _booked(old) == _booked(new):
        return None
    was, now = _booked(old), _booked(new)
    return Adjustment(
        service_id=name,
        red={key: -fen for key, fen in was.items()} if old else None,
        new=now if new else None,
        difference={key: now.get(key, 0) - was.get(key, 0) for key in _BOOKED},
    )


def _booked(settled: Settled | None) -> dict[str, Fen]:
    if settled is None:
        return {}
    amounts = settled.amounts()
    return {name: amounts[name] for name in _BOOKED}
