"""Opening an encounter when somebody comes, closing it when they leave."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.models import MadeOnce
from yilian.foundation.idempotency.services import once
from yilian.foundation.outbox.services import publish
from yilian.foundation.parameters.queries import value_of
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import _
from yilian.record.services.writing import put
from yilian.registry.directory.models import Department
from yilian.registry.population.models import Person
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope
from yilian.registry.population.services import (
    end_grants,
    limit_grants,
    record_death,
)
from yilian.resources.reception import fhir, policies
from yilian.resources.reception.events import EncounterClosed, EncounterOpened
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.parameters import CONTINUITY_DAYS
from yilian.resources.reception.rules import (
    Disposition,
    EncounterKind,
    EncounterState,
    Presence,
)
from yilian.resources.reception.services.presence import (
    NOT_RECEIVING,
    check_presence,
    give_encounter_grant,
)
from yilian.resources.scheduling.models import Hold
from yilian.resources.scheduling.services import release_hold, use_hold

_ERROR_WINDOW: Final = timedelta(hours=24)


class AlreadyHere(Conflict):
    code = "already-received"


class AdmittedElsewhere(Conflict):
    code = "admitted-elsewhere"


def open_encounter(
    actor: Actor,
    *,
    key: UUID,
    person_id: UUID,
    kind: EncounterKind,
    department_id: UUID | None,
    presence: Presence,
    proof: str = "",
    reason: str = "",
    referral_id: UUID | None = None,
    hold_id: UUID | None = None,
) -> Encounter:
    """Somebody came. On the desk's word alone the record stays shut for that desk's
    account; `Presence.REFERRAL` is for arrivals on what another account submitted.

    The proof is tried in a transaction of its own, so that a wrong code counts as a
    try though nothing is opened.
    """
    require(policies.can_receive(actor), NOT_RECEIVING)
    here = actor.institution_id
    assert here is not None, "policies.can_receive"  # noqa: S101
    if not MadeOnce.objects.filter(pk=key).exists():
        check_presence(person_id, presence, proof)

    def make() -> UUID:
        # Two desks receiving one person follow each other here.
        person = find(Person.objects.select_for_update(of=("self",)), person_id)
        _require_receivable(actor, person, kind)
        _require_referral(presence, referral_id)
        encounter = Encounter.objects.create(
            person=person,
            institution_id=here,
            department=_own_department(actor, department_id),
            kind=kind.value,
            presence=presence.value,
            reason=clean_line(reason, max_length=300),
            started_at=timezone.now(),
            opened_by_id=actor.account_id,
            referral_id=referral_id,
            hold_id=_use_hold(actor, hold_id, person_id),
        )
        give_encounter_grant(actor, encounter, is_sole=presence is Presence.NONE)
        _tell_opened(actor, encounter)
        return encounter.id

    with transaction.atomic():
        encounter_id = once(actor, key, "reception.open_encounter", make)
    return Encounter.objects.get(pk=encounter_id)


@transaction.atomic
def close_encounter(
    actor: Actor,
    encounter_id: UUID,
    *,
    disposition: Disposition,
    at: datetime | None = None,
) -> Encounter:
    """Somebody left; the house sees them a while yet, to care on. Twice is once."""
    encounter = _lock(actor, encounter_id)
    require(policies.can_discharge(actor, encounter), NOT_RECEIVING)
    if encounter.state == EncounterState.FINISHED:
        return encounter
    _require_open(encounter)
    ended_at = _ended_at(encounter, at)
    if disposition is Disposition.DIED:
        _require_death_recordable(actor, encounter)
    encounter.state = EncounterState.FINISHED.value
    encounter.ended_at, encounter.disposition = ended_at, disposition.value
    encounter.save(update_fields=["state", "ended_at", "disposition"])
    if disposition is Disposition.DIED:
        record_death(actor, encounter.person_id, died_at=ended_at)
    days = value_of(CONTINUITY_DAYS, timezone.localdate(ended_at))
    limit_grants(
        evidence_kind="encounter",
        evidence_id=encounter.id,
        until=timezone.now() + timedelta(days=days),
    )
    _leave(actor, encounter, "reception.close")
    publish(
        EncounterClosed(
            encounter_id=encounter.id,
            person_id=encounter.person_id,
            institution_id=encounter.institution_id,
            kind=encounter.kind,
            disposition=disposition.value,
            referral_id=encounter.referral_id,
        ),
        person_id=encounter.person_id,
    )
    return encounter


@transaction.atomic
def link_referral(actor: Actor, encounter_id: UUID, *, referral_id: UUID) -> Encounter:
    """A walk-in turns out to be expected: the stay belongs to that referral.

    Somebody else's referral is a ground the desk did not make alone, so the record
    opens for the desk too. Twice is once.
    """
    encounter = _lock(actor, encounter_id)
    require(policies.can_receive(actor), NOT_RECEIVING)
    if encounter.referral_id == referral_id:
        return encounter
    _require_open(encounter)
    if encounter.referral_id is not None:
        raise Conflict(_("这次就诊已关联另一张转诊单。"))
    encounter.referral_id = referral_id
    encounter.save(update_fields=["referral_id"])
    give_encounter_grant(actor, encounter, is_sole=False)
    _put(actor, encounter)
    _note(actor, encounter, "reception.link_referral")
    return encounter


@transaction.atomic
def enter_in_error(actor: Actor, encounter_id: UUID) -> Encounter:
    """The wrong person was received: sight ends at once, the row stays."""
    encounter = _lock(actor, encounter_id)
    require(policies.can_discharge(actor, encounter), NOT_RECEIVING)
    _require_open(encounter)
    if timezone.now() - encounter.started_at > _ERROR_WINDOW:
        raise Conflict(_("登记已超过 24 小时，不能撤销；请办理离开登记。"))
    encounter.state = EncounterState.ENTERED_IN_ERROR.value
    encounter.ended_at = _now_or_then(encounter)
    encounter.save(update_fields=["state", "ended_at"])
    end_grants(evidence_kind="encounter", evidence_id=encounter.id)
    _leave(actor, encounter, "reception.enter_in_error")
    return encounter


def _require_receivable(actor: Actor, person: Person, kind: EncounterKind) -> None:
    if person.died_at is not None:
        raise Conflict(_("该居民已登记死亡，不能登记接诊。"))
    open_ones = Encounter.objects.filter(
        person=person, state=EncounterState.IN_PROGRESS.value
    )
    here = open_ones.filter(institution=actor.institution_id, kind=kind.value)
    if here.exists():
        raise AlreadyHere(_("该居民已在本机构登记接诊，不用重复登记。"))
    inpatient = EncounterKind.INPATIENT
    if kind is inpatient and open_ones.filter(kind=inpatient.value).exists():
        raise AdmittedElsewhere(_("该患者已在另一家机构住院，请先核对。"))


def _require_referral(presence: Presence, referral_id: UUID | None) -> None:
    if presence is Presence.REFERRAL and referral_id is None:
        raise Invalid(fields={"presence": _("转诊到诊须选择对应的转诊单。")})


def _own_department(actor: Actor, department_id: UUID | None) -> Department | None:
    if department_id is None:
        return None
    own = Department.objects.filter(institution=actor.institution_id, closed_on=None)
    department = own.filter(pk=department_id).first()
    if department is None:
        raise Invalid(fields={"department": _("请选择本机构的科室。")})
    return department


def _use_hold(actor: Actor, hold_id: UUID | None, person_id: UUID) -> UUID | None:
    if hold_id is None:
        return None
    find(Hold.objects.filter(person=person_id), hold_id)
    return use_hold(actor, hold_id).id


def _tell_opened(actor: Actor, encounter: Encounter) -> None:
    _put(actor, encounter)
    _note(actor, encounter, "reception.open", presence=encounter.presence)
    publish(
        EncounterOpened(
            encounter_id=encounter.id,
            person_id=encounter.person_id,
            institution_id=encounter.institution_id,
            department_id=encounter.department_id,
            kind=encounter.kind,
            presence=encounter.presence,
            referral_id=encounter.referral_id,
        ),
        person_id=encounter.person_id,
    )


def _lock(actor: Actor, encounter_id: UUID) -> Encounter:
    here = Encounter.objects.visible_to(actor)
    return find(here.select_for_update(of=("self",)), encounter_id)


def _require_open(encounter: Encounter) -> None:
    if encounter.state != EncounterState.IN_PROGRESS:
        raise Conflict(_("这次就诊已经结束或撤销，请刷新页面。"))


def _ended_at(encounter: Encounter, at: datetime | None) -> datetime:
    if at is None:
        return _now_or_then(encounter)
    if not encounter.started_at <= at <= timezone.now():
        raise Invalid(fields={"at": _("离开时间应在到达之后、现在之前，请核对。")})
    return at


def _now_or_then(encounter: Encounter) -> datetime:
    """A clock that was set back in between makes nobody leave before they came."""
    return max(timezone.now(), encounter.started_at)


def _require_death_recordable(actor: Actor, encounter: Encounter) -> None:
    """Nobody is written dead by somebody who does not even see them."""
    require(policies.can_record_death_here(actor), _("死亡由医师登记。"))
    if sight_of(actor, encounter.person_id).scope is Scope.NONE:
        raise Conflict(_("请先核验患者身份，或请另一位医师登记死亡。"))


def _leave(actor: Actor, encounter: Encounter, action: str) -> None:
    if encounter.hold_id is not None:
        release_hold(actor, encounter.hold_id)
    _put(actor, encounter)
    _note(actor, encounter, action)


def _put(actor: Actor, encounter: Encounter) -> None:
    put(
        actor,
        fhir.encounter_resource(encounter),
        person_id=encounter.person_id,
        institution_id=encounter.institution_id,
    )


def _note(actor: Actor, encounter: Encounter, action: str, **detail: str) -> None:
    record(
        actor,
        action,
        object_kind="encounter",
        object_id=encounter.id,
        person_id=encounter.person_id,
        detail=detail,
    )
