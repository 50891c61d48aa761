"""Opening, closing and keeping back the places of an institution."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.services import once
from yilian.foundation.notify.services import text_message
from yilian.foundation.outbox.services import publish
from yilian.foundation.parameters.working_days import working_days
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _
from yilian.registry.directory.models import Department, PractitionerRole
from yilian.resources.scheduling import policies
from yilian.resources.scheduling.events import PlacesChanged, SlotCancelled
from yilian.resources.scheduling.models import Bed, Hold, Slot
from yilian.resources.scheduling.rules import (
    LIVE,
    HoldState,
    Quota,
    SlotKind,
    SlotPlan,
)
from yilian.resources.scheduling.services.holds import release_hold

_NOT_KEEPER: Final = _("只有本机构的转诊办公室或护士可以调整床位和号源。")
_MOST_BEDS: Final = 200


@transaction.atomic
def open_slots(
    actor: Actor,
    *,
    key: UUID,
    department_id: UUID,
    plan: SlotPlan,
    quota: Quota = Quota.OPEN,
    kind: SlotKind = SlotKind.CLINIC,
    doctor_id: UUID | None = None,
) -> int:
    """How many this key has opened, now or the first time."""
    department = _own_department(actor, department_id)
    now = timezone.now()
    starts = plan.starts(now, working_days(now))

    def make() -> UUID:
        _require_doctor(actor, doctor_id)
        Slot.objects.bulk_create(
            Slot(
                institution_id=department.institution_id,
                department=department,
                kind=kind.value,
                quota=quota.value,
                starts_at=start,
                ends_at=start + timedelta(minutes=plan.minutes),
                doctor_id=doctor_id,
            )
            for start in starts
        )
        _changed(actor, "scheduling.open_slots", department, {"count": len(starts)})
        return new_id()

    once(actor, key, "scheduling.open_slots", make)
    return len(starts)


@transaction.atomic
def open_beds(
    actor: Actor,
    *,
    key: UUID,
    department_id: UUID,
    labels: Sequence[str],
    quota: Quota = Quota.OPEN,
) -> int:
    department = _own_department(actor, department_id)
    _one_at_a_time(department)
    wanted = _bed_labels(labels)

    def make() -> UUID:
        known = Bed.objects.filter(department=department, label__in=wanted)
        if known.exists():
            raise Conflict(_("床号已经存在，请换一个床号，或重新开放原来的床位。"))
        Bed.objects.bulk_create(
            Bed(
                institution_id=department.institution_id,
                department=department,
                label=label,
                quota=quota.value,
            )
            for label in wanted
        )
        _changed(actor, "scheduling.open_beds", department, {"count": len(wanted)})
        return new_id()

    once(actor, key, "scheduling.open_beds", make)
    return len(wanted)


@transaction.atomic
def close_bed(actor: Actor, bed_id: UUID) -> Bed:
    """Out of use until it is opened again; refused while somebody has it."""
    bed = _lock_bed(actor, bed_id)
    if _has_holder(bed):
        raise Conflict(_("这张床还有人占用或预留，请先释放再关闭。"))
    if bed.closed_at is None:
        bed.closed_at = timezone.now()
        bed.save(update_fields=["closed_at"])
        _changed(actor, "scheduling.close_bed", bed.department, {})
    return bed


@transaction.atomic
def reopen_bed(actor: Actor, bed_id: UUID) -> Bed:
    bed = _lock_bed(actor, bed_id)
    if bed.closed_at is not None:
        bed.closed_at = None
        bed.save(update_fields=["closed_at"])
        _changed(actor, "scheduling.reopen_bed", bed.department, {})
    return bed


@transaction.atomic
def change_quota(actor: Actor, bed_id: UUID, *, quota: Quota) -> Bed:
    """For whom the bed is kept from now on; who has it keeps it."""
    bed = _lock_bed(actor, bed_id)
    if bed.quota != quota:
        bed.quota = quota.value
        bed.save(update_fields=["quota"])
        _changed(actor, "scheduling.change_quota", bed.department, {"quota": quota})
    return bed


@transaction.atomic
def cancel_slot(actor: Actor, slot_id: UUID, *, reason: str) -> Slot:
    """Take an appointment back; whoever held it is told, by message and by event."""
    slot = find(
        Slot.objects.select_for_update(of=("self",)).filter(
            institution=actor.institution_id
        ),
        slot_id,
    )
    require(policies.can_keep_places(actor, slot.institution_id), _NOT_KEEPER)
    words = required_text(reason, max_length=200)
    if slot.cancelled_at is not None:
        return slot
    holders = Hold.objects.filter(slot=slot, state__in=[state.value for state in LIVE])
    if holders.filter(state=HoldState.USED.value).exists():
        raise Conflict(_("这个号的患者已经到诊，不能停诊。"))
    slot.cancelled_at = timezone.now()
    slot.save(update_fields=["cancelled_at"])
    for hold in holders.select_related("person"):
        release_hold(actor, hold.id)
        _tell_holder(slot, hold, words)
    _changed(actor, "scheduling.cancel_slot", slot.department, {})
    return slot


def _tell_holder(slot: Slot, hold: Hold, reason: str) -> None:
    publish(
        SlotCancelled(
            slot_id=slot.id,
            hold_id=hold.id,
            person_id=hold.person_id,
            institution_id=slot.institution_id,
            purpose_kind=hold.purpose_kind,
            purpose_id=hold.purpose_id,
            starts_at=slot.starts_at,
        ),
        person_id=hold.person_id,
    )
    if hold.person.phone_cipher is None:
        return
    text = _(
        "您在{place}{department}的预约（{at}）已取消：{reason}。请联系转诊办公室改约。"
    )
    text_message(
        phone_cipher=bytes(hold.person.phone_cipher),
        text=text.format(
            place=slot.institution.short_name,
            department=slot.department.name,
            at=f"{timezone.localtime(slot.starts_at):%m-%d %H:%M}",
            reason=reason,
        ),
        cause=f"slot-cancelled:{slot.id}:{hold.id}",
    )


def _own_department(actor: Actor, department_id: UUID) -> Department:
    own = Department.objects.filter(institution=actor.institution_id, closed_on=None)
    department = find(own, department_id)
    require(policies.can_keep_places(actor, department.institution_id), _NOT_KEEPER)
    return department


def _one_at_a_time(department: Department) -> None:
    """Two who open beds of one ward see each other's labels; nobody else waits."""
    held = Department.objects.filter(pk=department.pk)
    held.select_for_update(no_key=True).first()


def _lock_bed(actor: Actor, bed_id: UUID) -> Bed:
    own = Bed.objects.filter(institution=actor.institution_id)
    bed = find(own.select_for_update(of=("self",)), bed_id)
    require(policies.can_keep_places(actor, bed.institution_id), _NOT_KEEPER)
    return bed


def _has_holder(bed: Bed) -> bool:
    live = Hold.objects.filter(bed=bed, state__in=[state.value for state in LIVE])
    return live.exclude(expires_at__lte=timezone.now()).exists()


def _require_doctor(actor: Actor, doctor_id: UUID | None) -> None:
    if doctor_id is None:
        return
    own = PractitionerRole.objects.filter(
        pk=doctor_id, institution=actor.institution_id, left_at=None
    )
    if not own.exists():
        raise Invalid(fields={"doctor_id": _("这位医生不在本机构，请重新选择。")})


def _bed_labels(labels: Sequence[str]) -> list[str]:
    tidy = [required_text(label, max_length=16) for label in labels]
    if not tidy:
        raise Invalid(fields={"labels": _("请至少填一个床号。")})
    if len(tidy) > _MOST_BEDS:
        raise Invalid(fields={"labels": _("一次最多开放 200 张床，请分几次开放。")})
    if len(set(tidy)) != len(tidy):
        raise Invalid(fields={"labels": _("床号有重复，请核对。")})
    return tidy


def _changed(
    actor: Actor, action: str, department: Department, detail: dict[str, object]
) -> None:
    record(
        actor,
        action,
        object_kind="department",
        object_id=department.id,
        detail=detail,
    )
    publish(PlacesChanged(institution_id=department.institution_id))
