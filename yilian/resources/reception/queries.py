"""Who is here, and where a person is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.registry.directory.models import Department
from yilian.registry.population.queries import PersonCard, cards
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import (
    EncounterKind,
    EncounterState,
    Presence,
)

MOST = 200


@dataclass(frozen=True, slots=True)
class PresentLine:
    """Somebody who is here now; the name is masked where the actor has no ground."""

    id: UUID
    card: PersonCard
    kind: EncounterKind
    department: str
    started_at: datetime
    presence: Presence
    reason: str
    is_by_me: bool
    referral_id: UUID | None
    is_early: bool  # may still be taken back as an error

    @property
    def rests_on_me_alone(self) -> bool:
        return self.is_by_me and self.card.is_masked


def present(actor: Actor) -> list[PresentLine]:
    """Who is here now, the latest first; two queries."""
    rows = list(
        Encounter.objects.filter(
            institution=actor.institution_id, state=EncounterState.IN_PROGRESS.value
        )
        .select_related("department")
        .order_by("-started_at", "-id")[:MOST]
    )
    shown = cards(actor, [row.person_id for row in rows])
    return [_line(actor, row, shown[row.person_id]) for row in rows]


def present_line(actor: Actor, encounter: Encounter) -> PresentLine:
    shown = cards(actor, [encounter.person_id])
    return _line(actor, encounter, shown[encounter.person_id])


def open_encounter_of(person_id: UUID, institution_id: UUID) -> Encounter | None:
    """The one in progress there, an admission before a visit."""
    rows = Encounter.objects.filter(
        person=person_id,
        institution=institution_id,
        state=EncounterState.IN_PROGRESS.value,
    )
    inpatient = rows.filter(kind=EncounterKind.INPATIENT.value).first()
    return inpatient or rows.order_by("-started_at").first()


def admission_of(person_id: UUID) -> Encounter | None:
    """Where the person is in a bed now, anywhere."""
    return Encounter.objects.filter(
        person=person_id,
        kind=EncounterKind.INPATIENT.value,
        state=EncounterState.IN_PROGRESS.value,
    ).first()


def departments_here(actor: Actor) -> list[tuple[UUID, str]]:
    own = Department.objects.filter(institution=actor.institution_id, closed_on=None)
    return list(own.order_by("name").values_list("id", "name"))


def _line(actor: Actor, row: Encounter, card: PersonCard) -> PresentLine:
    return PresentLine(
        id=row.id,
        card=card,
        kind=EncounterKind(row.kind),
        department=row.department.name if row.department else "",
        started_at=row.started_at,
        presence=Presence(row.presence),
        reason=row.reason,
        is_by_me=row.opened_by_id == actor.account_id,
        referral_id=row.referral_id,
        is_early=(timezone.now() - row.started_at).days < 1,
    )
