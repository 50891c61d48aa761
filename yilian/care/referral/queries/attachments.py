"""The papers of a hop, as an actor may know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from yilian.care.referral import policies_attachment as policies
from yilian.care.referral.models import Attachment, Referral
from yilian.care.referral.rules.attachments import (
    MOST_PAPERS,
    PAPER_KINDS,
    PaperKind,
    Part,
    Standing,
)
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.foundation.files.rules.kinds import KIND_NAMES, Kind
from yilian.foundation.files.rules.limits import MOST_MEGABYTES
from yilian.foundation.parameters.queries import value_of
from yilian.kernel import calendar
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope

_NAMES: Final = ("file", "institution")


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One paper in the list."""

    id: UUID
    title: str
    kind: str
    media: str
    size: int
    is_picture: bool
    place: str
    added_at: datetime
    can_open: bool
    can_take_back: bool
    is_in_error: bool
    end_reason: str


@dataclass(frozen=True, slots=True)
class PaperPart:
    """The papers of a part, and whether more may be added."""

    part: Part
    lines: Sequence[PaperLine]
    can_add: bool
    is_out: bool

    @property
    def is_shown(self) -> bool:
        return self.can_add or bool(self.lines)


@dataclass(frozen=True, slots=True)
class Papers:
    referral_id: UUID
    person_id: UUID
    parts: Sequence[PaperPart]
    scope: Scope

    @property
    def waits_for_acceptance(self) -> bool:
        """The titles are told; the papers open with the record."""
        lines = [line for part in self.parts for line in part.lines]
        return any(not line.can_open and not line.is_in_error for line in lines)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the form says before anything is sent."""

    megabytes: int
    papers: int


def papers_of(actor: Actor, referral_id: UUID) -> Papers:
    referral = find(Referral.objects.visible_to(actor), referral_id)
    scope = sight_of(actor, referral.person_id).scope
    rows = Attachment.objects.filter(referral=referral).exclude(
        standing=Standing.REMOVED.value
    )
    known = [
        row
        for row in rows.select_related(*_NAMES).order_by("added_at", "pk")
        if policies.may_know_of(actor, referral, row)
    ]
    parts = [
        PaperPart(
            part=part,
            lines=[
                _line(actor, referral, row, scope) for row in known if row.part == part
            ],
            can_add=policies.can_attach(actor, referral, part)
            and scope >= Scope.SUMMARY,
            is_out=policies.is_out(referral, part),
        )
        for part in Part
    ]
    return Papers(referral.id, referral.person_id, parts, scope)


def titles_of(referral: Referral, part: Part) -> list[tuple[str, str]]:
    """Title and kind, for the printed sheet."""
    rows = Attachment.objects.filter(
        referral=referral, part=part.value, standing=Standing.CURRENT.value
    )
    found = rows.order_by("added_at", "pk").values_list("title", "kind")
    return [(title, PAPER_KINDS[PaperKind(kind)]) for title, kind in found]


def allowed(now: datetime) -> Allowed:
    day = calendar.local_day(now)
    return Allowed(value_of(MOST_MEGABYTES, day), value_of(MOST_PAPERS, day))


def _line(actor: Actor, referral: Referral, row: Attachment, scope: Scope) -> PaperLine:
    return PaperLine(
        id=row.id,
        title=row.title,
        kind=PAPER_KINDS[PaperKind(row.kind)],
        media=KIND_NAMES[Kind(row.file.kind)],
        size=row.file.size,
        is_picture=row.file.is_picture,
        place=row.institution.short_name,
        added_at=row.added_at,
        can_open=policies.may_open(actor, referral, row, scope),
        can_take_back=policies.can_take_back(actor, referral, row),
        is_in_error=row.standing == Standing.IN_ERROR,
        end_reason=row.end_reason,
    )
