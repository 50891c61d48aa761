"""What is asked of the national insurer's system: book, take back, tell.

`settings.YILIAN_INSURER` names who does it (`http.py`). A call that raises `NotSent`
certainly left nothing behind there; after `NoAnswer` nobody knows, and only `query`
with the same serial number tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


class Said(StrEnum):
    BOOKED = "booked"
    REFUSED = "refused"
    NOT_FOUND = "not-found"  # in answer to a query only


@dataclass(frozen=True, slots=True)
class Order:
    """One settlement to book, or its red entry (`reverses`: the serial number of what
    it takes back). Amounts carry the row's own signs."""

    serial: str
    institution: str
    number: str
    insured: UUID
    area: str
    day: date
    amounts: Mapping[str, Decimal]
    reverses: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`reference` is their number; `code` why they refused; `repeated`: as they said
    the first time."""

    said: Said
    reference: str = ""
    code: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What they have in their book for a day."""

    institution: str
    serial: str
    number: str
    area: str
    reference: str
    is_reversal: bool
    total: Decimal
    fund: Decimal
    patient: Decimal


@dataclass(frozen=True, slots=True)
class DayPage:
    rows: list[Held]
    next: str


class NotSent(Exception):
    """Nothing has come to them; the same may be sent again."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(fault)


class NoAnswer(Exception):
    """It may have come to them; asked with the same serial number they will tell."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(fault)


class Insurer(Protocol):
    @property
    def is_connected(self) -> bool:
        """Whether there is a peer at all."""
        ...

    def book(self, order: Order) -> Answer: ...

    def reverse(self, order: Order) -> Answer: ...

    def query(self, institution: str, serial: str) -> Answer: ...

    def day(self, day: date, area: str, after: str = "") -> DayPage: ...


def insurer() -> Insurer:
    return cast(Insurer, import_string(settings.YILIAN_INSURER)())
