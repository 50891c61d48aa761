"""Which stay a stay goes on with, as the referrals tell it.

The house may say so on the bill. Otherwise a stay that came on a referral follows
the last stay at the house that sent the patient. Whether the deductible then goes
on is the chain rule's question (`chains.py`), with its reasons.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

# Beyond this nobody would look for a chain; within it the chain rule says why not.
_FAR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Stay:
    """`house` and `sent_by` are institutions; None outside, and without a referral."""

    id: UUID
    house: UUID | None
    sent_by: UUID | None
    said: UUID | None
    admitted_on: date
    discharged_on: date
    is_voided: bool = False


def links(stays: Iterable[Stay]) -> dict[UUID, UUID]:
    """By the later stay: the one it follows. Only stays that are there count."""
    known = sorted(stays, key=_place)
    ids = {stay.id for stay in known}
    found: dict[UUID, UUID] = {}
    for at, stay in enumerate(known):
        if stay.said is not None:
            before: UUID | None = stay.said if stay.said in ids else None
        else:
            before = _before(stay, known[:at])
        if before is not None:
            found[stay.id] = before
    return found


def _place(stay: Stay) -> tuple[date, date, UUID]:
    return stay.discharged_on, stay.admitted_on, stay.id


def _before(stay: Stay, earlier: list[Stay]) -> UUID | None:
    if stay.sent_by is None:
        return None
    near = [
        one
        for one in earlier
        if one.house == stay.sent_by
        and one.discharged_on <= stay.admitted_on
        and stay.admitted_on - one.discharged_on <= _FAR
    ]
    in_force = [one for one in near if not one.is_voided]
    return (in_force or near)[-1].id if near else None
