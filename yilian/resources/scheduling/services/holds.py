"""Claiming a place, using it, giving it back. Nobody can take the last one twice.

A claim locks the row of its place first, so two claims on one place follow each
other, and the second finds the first. Claims on any bed of a ward skip the beds
that somebody else is claiming this very moment.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.foundation.audit.services import record
from yilian.foundation.outbox.services import publish
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _
from yilian.registry.population.queries import has_died
from yilian.resources.scheduling.events import HoldExpired
from yilian.resources.scheduling.models import Bed, Hold, Slot
from yilian.resources.scheduling.rules import LIVE, HoldState, Quota

_LIVE: Final = sorted(state.value for state in LIVE)
_BATCH: Final = 500


class PlaceTaken(Conflict):
    code = "place-taken"


@transaction.atomic
def hold_slot(
    actor: Actor,
    slot_id: UUID,
    *,
    person_id: UUID,
    purpose_kind: str,
    purpose_id: UUID,
    expires_at: datetime | None,
    quotas: Collection[Quota] | None = None,
) -> Hold:
    """Claim this appointment; the same purpose asking again gets the same hold."""
    slot = find(Slot.objects.select_for_update(of=("self",)), slot_id)
    now = timezone.now()
    kept = _live_holds(now).filter(slot=slot).first()
    if kept and kept.purpose_id == purpose_id:
        return kept
    _require_free(slot, kept, now, quotas)
    _require_claim(person_id, expires_at, now)
    _expire(Hold.objects.filter(slot=slot), now)
    hold = Hold.objects.create(
        slot=slot,
        person_id=person_id,
        purpose_kind=purpose_kind,
        purpose_id=purpose_id,
        period=TimestamptzRange(slot.starts_at, slot.ends_at),
        expires_at=expires_at,
    )
    _note(actor, "scheduling.hold", hold)
    return hold


@transaction.atomic
def hold_bed(
    actor: Actor,
    department_id: UUID,
    *,
    person_id: UUID,
    purpose_kind: str,
    purpose_id: UUID,
    from_at: datetime,
    expires_at: datetime | None,
    quotas: Sequence[Quota],
) -> Hold:
    """Claim any free bed, from the first of these quotas that has one."""
    now = timezone.now()
    _require_claim(person_id, expires_at, now)
    kept = _live_holds(now).filter(bed__department=department_id, purpose_id=purpose_id)
    if hold := kept.first():
        return hold
    _expire(Hold.objects.filter(bed__department=department_id), now)
    hold = Hold.objects.create(
        bed=_lock_free_bed(department_id, quotas, now),
        person_id=person_id,
        purpose_kind=purpose_kind,
        purpose_id=purpose_id,
        period=TimestamptzRange(from_at, None),
        expires_at=expires_at,
    )
    _note(actor, "scheduling.hold", hold)
    return hold


@transaction.atomic
def use_hold(actor: Actor, hold_id: UUID) -> Hold:
    """The person came: the place is theirs until they leave. Twice is once."""
    hold = find(Hold.objects.select_for_update(of=("self",)), hold_id)
    if hold.state == HoldState.USED:
        return hold
    if hold.state != HoldState.HELD:
        raise Conflict(_("这个预留已经释放或过期，请重新选择床位或号源。"))
    hold.state, hold.expires_at = HoldState.USED.value, None
    hold.save(update_fields=["state", "expires_at"])
    _note(actor, "scheduling.use", hold)
    return hold


@transaction.atomic
def release_hold(actor: Actor, hold_id: UUID) -> Hold:
    """The place is free again, whether it was used or only held. Twice is once."""
    hold = find(Hold.objects.select_for_update(of=("self",)), hold_id)
    if hold.state in _LIVE:
        _end(hold, HoldState.RELEASED, timezone.now())
        _note(actor, "scheduling.release", hold)
    return hold


@transaction.atomic
def release_holds_of(actor: Actor, *, purpose_kind: str, purpose_id: UUID) -> int:
    """Everything that was kept for this purpose."""
    holds = Hold.objects.filter(
        purpose_kind=purpose_kind, purpose_id=purpose_id, state__in=_LIVE
    )
    ids = list(holds.values_list("pk", flat=True))
    for hold_id in ids:
        release_hold(actor, hold_id)
    return len(ids)


@transaction.atomic
def expire_holds() -> int:
    """Free what nobody came to use, a batch at a time; told by `HoldExpired`."""
    return _expire(Hold.objects.all(), timezone.now())


def _live_holds(now: datetime) -> QuerySet[Hold]:
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    return Hold.objects.filter(in_time, state__in=_LIVE)


def _require_free(
    slot: Slot, kept: Hold | None, now: datetime, quotas: Collection[Quota] | None
) -> None:
    if slot.cancelled_at is not None:
        raise PlaceTaken(_("这个号已经停诊，请另选一个。"))
    if slot.starts_at <= now:
        raise PlaceTaken(_("这个号的时间已经过去，请另选一个。"))
    if quotas is not None and Quota(slot.quota) not in quotas:
        raise PlaceTaken(_("这个号另有预留，请选普通号或为转诊预留的号。"))
    if kept is not None:
        raise PlaceTaken(_("这个号已被占用，请另选一个。"))


def _require_claim(person_id: UUID, expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise Invalid(_("预留的截止时间已经过去，请填以后的时间。"))
    if has_died(person_id):
        raise Conflict(_("该居民已登记死亡，不能预留床位或号源。"))


def _lock_free_bed(department_id: UUID, quotas: Sequence[Quota], now: datetime) -> Bed:
    """A bed that is free still after its row is ours."""
    tried: set[UUID] = set()
    while bed := _next_bed(department_id, quotas, now, tried):
        # Another claim may have ended between our look and our lock: look again.
        if not _live_holds(now).filter(bed=bed).exists():
            return bed
        tried.add(bed.pk)
    raise PlaceTaken(_("这个科室现在没有可用的床位，请另选科室，或联系对方调整。"))


def _next_bed(
    department_id: UUID, quotas: Sequence[Quota], now: datetime, tried: set[UUID]
) -> Bed | None:
    taken = _live_holds(now).filter(bed__department=department_id).values("bed")
    order = Case(
        *(When(quota=quota.value, then=Value(at)) for at, quota in enumerate(quotas)),
        default=Value(len(quotas)),
        output_field=IntegerField(),
    )
    return (
        Bed.objects.filter(
            department=department_id,
            closed_at=None,
            quota__in=[quota.value for quota in quotas],
        )
        .exclude(pk__in=taken)
        .exclude(pk__in=tried)
        .order_by(order, "label")
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )


def _expire(holds: QuerySet[Hold], now: datetime) -> int:
    stale = holds.filter(
        state=HoldState.HELD.value, expires_at__lte=now
    ).select_for_update(skip_locked=True, of=("self",))
    rows = list(stale.select_related("bed", "slot").order_by("expires_at")[:_BATCH])
    for hold in rows:
        _end(hold, HoldState.EXPIRED, now)
        publish(
            HoldExpired(
                hold_id=hold.id,
                person_id=hold.person_id,
                institution_id=_institution(hold),
                purpose_kind=hold.purpose_kind,
                purpose_id=hold.purpose_id,
            ),
            person_id=hold.person_id,
        )
    return len(rows)


def _end(hold: Hold, state: HoldState, now: datetime) -> None:
    hold.state, hold.ended_at, hold.expires_at = state.value, now, None
    if hold.bed_id is not None:
        start = hold.period.lower
        hold.period = TimestamptzRange(start, max(start, now))
    hold.save(update_fields=["state", "ended_at", "expires_at", "period"])


def _institution(hold: Hold) -> UUID:
    place = hold.slot or hold.bed
    assert place is not None, "the constraint hold_on_one_place"  # noqa: S101
    return place.institution_id


def _note(actor: Actor, action: str, hold: Hold) -> None:
    record(
        actor,
        action,
        object_kind="hold",
        object_id=hold.id,
        person_id=hold.person_id,
        detail={"purpose": hold.purpose_kind},
    )
