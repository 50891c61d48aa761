"""The encounters around a hop: the one it opens, and those it ends."""

from uuid import UUID

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.foundation.access.actor import Actor, system_actor
from yilian.foundation.access.choices import values
from yilian.kernel.ids import new_id
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.queries import open_encounter_of
from yilian.resources.reception.rules import (
    Disposition,
    EncounterKind,
    EncounterState,
    Presence,
)
from yilian.resources.reception.services import (
    close_encounter,
    link_referral,
    open_encounter,
)
from yilian.resources.scheduling.models import Hold
from yilian.resources.scheduling.rules import LIVE
from yilian.resources.scheduling.services.holds import use_hold

TRANSFER = system_actor("referral-transfer")


def begin(
    actor: Actor, referral: Referral, place: UUID, kind: EncounterKind | None
) -> Encounter:
    """The walk-in already registered here, or a new encounter; the place is used."""
    end_at_sender(referral)
    hold_id = _standing_hold(referral)
    here = open_encounter_of(referral.person_id, place)
    if here is None:
        return _open(actor, referral, kind, hold_id)
    if hold_id is not None:
        use_hold(actor, hold_id)
    return link_referral(actor, here.id, referral_id=referral.id)


def end(actor: Actor, referral: Referral, disposition: Disposition) -> None:
    """Unless the desk has closed it already, or taken it back as an error."""
    if referral.encounter_id is None:
        return
    going_on = Encounter.objects.filter(
        pk=referral.encounter_id, state=EncounterState.IN_PROGRESS.value
    )
    if going_on.exists():
        close_encounter(actor, referral.encounter_id, disposition=disposition)


def end_at_sender(referral: Referral) -> None:
    """Who has left for elsewhere is no longer here; also where nobody wrote it down."""
    stay = open_encounter_of(referral.person_id, referral.from_institution_id)
    if stay is not None:
        close_encounter(TRANSFER, stay.id, disposition=Disposition.TRANSFERRED)


def _open(
    actor: Actor, referral: Referral, kind: EncounterKind | None, hold_id: UUID | None
) -> Encounter:
    return open_encounter(
        actor,
        key=new_id(),
        person_id=referral.person_id,
        kind=kind or _usual_kind(referral),
        department_id=referral.to_department_id,
        presence=Presence.REFERRAL,
        reason=referral.diagnosis_name[:300],
        referral_id=referral.id,
        hold_id=hold_id,
    )


def _usual_kind(referral: Referral) -> EncounterKind:
    if referral.care_kind == CareKind.INPATIENT:
        return EncounterKind.INPATIENT
    is_emergency = referral.urgency == Urgency.STAT
    return EncounterKind.EMERGENCY if is_emergency else EncounterKind.OUTPATIENT


def _standing_hold(referral: Referral) -> UUID | None:
    """A claim that ran out does not keep the patient out of the door."""
    if referral.hold_id is None:
        return None
    standing = Hold.objects.filter(pk=referral.hold_id, state__in=values(LIVE))
    return referral.hold_id if standing.exists() else None
