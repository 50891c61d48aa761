"""What is known of a consortium, its members and their agreements."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from yilian.registry.consortium.rules import (
    AgreementKind,
    Form,
    MemberRole,
    SignatureState,
    Tie,
    Tightness,
)


@dataclass(frozen=True, slots=True)
class Consortium:
    """`governing_authority` is an institution's code."""

    id: UUID
    code: str
    alias: str
    form: Form
    governing_authority: str
    area_code: str
    specialties: tuple[str, ...]
    founded_on: date
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """Codes of consortium and institution; `department` is a key, "" for the whole.

    Half-open period; an open end is None.
    """

    id: UUID
    consortium: str
    institution: str
    department: str
    role: MemberRole
    tie: Tie
    tightness: Tightness
    is_territorial: bool
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Party:
    institution: str
    signed_on: date | None
    signed_by: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Valid from `starts_on` up to (not including) `ends_on`."""

    id: UUID
    number: str
    consortium: str
    kind: AgreementKind
    title: str
    starts_on: date
    ends_on: date
    state: SignatureState
    parties: tuple[Party, ...]
    ended_on: date | None = None
    end_reason: str = ""

    def is_in_force(self, day: date) -> bool:
        is_valid = self.starts_on <= day < self.ends_on
        return is_valid and self.state == SignatureState.SIGNED
