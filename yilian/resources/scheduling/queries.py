"""Which places are free, for whom, and how full a house is."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.registry.directory.models import Department
from yilian.resources.scheduling.models import Bed, Hold, Slot
from yilian.resources.scheduling.rules import LIVE, LOOK_AHEAD, HoldState, Quota

_LIVE: Final = sorted(state.value for state in LIVE)


@dataclass(frozen=True, slots=True)
class FreePlaces:
    """`beds` counts all free ones, `reserved_beds` those kept back among them."""

    beds: int = 0
    reserved_beds: int = 0
    next_slot_at: datetime | None = None
    slots: int = 0  # within two weeks


@dataclass(frozen=True, slots=True)
class FreeSlot:
    id: UUID
    starts_at: datetime
    ends_at: datetime
    kind: str
    quota: Quota
    doctor: str


@dataclass(frozen=True, slots=True)
class WardLoad:
    """How full one ward is. Of `beds` in use, `taken` and `held`; the rest is free."""

    department_id: UUID
    name: str
    beds: int
    taken: int
    held: int
    free: int
    reserved_free: int
    closed: int = 0

    @property
    def share_used(self) -> float:
        return (self.beds - self.free) / self.beds if self.beds else 0.0

    @property
    def kind(self) -> str:
        """How the meter is coloured."""
        if self.free == 0:
            return "stat"
        return "urgent" if self.free * 10 <= self.beds else ""


@dataclass(frozen=True, slots=True)
class BedLine:
    id: UUID
    label: str
    quota: Quota
    state: str  # free, held, taken, closed
    until: datetime | None


@dataclass(frozen=True, slots=True)
class SlotDay:
    day: date
    open: int
    free: int


@dataclass(frozen=True, slots=True)
class SlotLine:
    id: UUID
    starts_at: datetime
    ends_at: datetime
    quota: Quota
    doctor: str
    is_free: bool


@dataclass(frozen=True, slots=True)
class DepartmentPlaces:
    """One department on the page of places."""

    load: WardLoad
    beds: list[BedLine] = field(default_factory=list)
    days: list[SlotDay] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FreeHere:
    """What one department of any house has to give now, in counts."""

    department_id: UUID
    name: str
    has_ward: bool
    free: FreePlaces


_FREE: Final = """
SELECT d.id,
       (SELECT count(*) FROM scheduling_bed b
         WHERE b.department_id = d.id AND b.closed_at IS NULL AND NOT EXISTS (
            SELECT FROM scheduling_hold h WHERE h.bed_id = b.id AND h.state IN
            ('held', 'used') AND (h.expires_at IS NULL OR h.expires_at > %(now)s))),
       (SELECT count(*) FROM scheduling_bed b
         WHERE b.department_id = d.id AND b.closed_at IS NULL AND b.quota <> 'open'
           AND NOT EXISTS (
            SELECT FROM scheduling_hold h WHERE h.bed_id = b.id AND h.state IN
            ('held', 'used') AND (h.expires_at IS NULL OR h.expires_at > %(now)s))),
       free.first, free.count
  FROM unnest(%(departments)s::uuid[]) AS d(id)
  CROSS JOIN LATERAL (
    SELECT min(s.starts_at) AS first, count(*) AS count FROM scheduling_slot s
     WHERE s.department_id = d.id AND s.cancelled_at IS NULL
       AND s.starts_at > %(now)s AND s.starts_at < %(until)s AND NOT EXISTS (
        SELECT FROM scheduling_hold h WHERE h.slot_id = s.id AND h.state IN
        ('held', 'used') AND (h.expires_at IS NULL OR h.expires_at > %(now)s))
  ) AS free
"""


def free_places(
    department_ids: Iterable[UUID], now: datetime
) -> dict[UUID, FreePlaces]:
    """Every department asked for, also those without a place; one query."""
    wanted = list(set(department_ids))
    facts: dict[str, Any] = {
        "departments": wanted,
        "now": now,
        "until": now + LOOK_AHEAD,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FREE, facts)
        rows = cursor.fetchall()
    return {row[0]: FreePlaces(row[1], row[2], row[3], row[4]) for row in rows}


def free_by_department(institution_id: UUID) -> list[FreeHere]:
    """The departments of a house that keep beds or offer appointments; two queries,
    and no word of who holds what."""
    rows = list(
        Department.objects.filter(institution=institution_id, closed_on=None)
        .annotate(keeps=Exists(Bed.objects.filter(department=OuterRef("pk"),
                                                  closed_at=None)))
        .order_by("name")
        .values_list("id", "name", "keeps")
    )  # fmt: skip
    free = free_places([id_ for id_, _name, _keeps in rows], timezone.now())
    found = [FreeHere(id_, name, keeps, free[id_]) for id_, name, keeps in rows]
    return [one for one in found if one.has_ward or one.free.slots]


def free_slots(
    department_id: UUID, quotas: Collection[Quota], now: datetime, limit: int = 20
) -> list[FreeSlot]:
    """The next appointments that may be taken under these quotas, earliest first."""
    slots = (
        _open_slots(now)
        .filter(
            ~_held("slot", now),
            department=department_id,
            quota__in=[quota.value for quota in quotas],
        )
        .order_by("starts_at", "id")
        .values_list(
            "id", "starts_at", "ends_at", "kind", "quota", "doctor__practitioner__name"
        )
    )
    return [
        FreeSlot(id_, start, end, kind, Quota(quota), doctor or "")
        for id_, start, end, kind, quota, doctor in slots[:limit]
    ]


def ward_load(institution_id: UUID) -> list[WardLoad]:
    """Of each department with beds, how many are in use, taken and held now."""
    now = timezone.now()
    beds = Bed.objects.filter(institution=institution_id).annotate(
        is_used=Exists(_holds("bed", now).filter(state=HoldState.USED.value)),
        is_held=Exists(_holds("bed", now).filter(state=HoldState.HELD.value)),
    )
    in_use = Q(closed_at=None)
    free = in_use & Q(is_used=False, is_held=False)
    rows = (
        beds.values_list("department_id", "department__name")
        .annotate(
            all=Count("pk", filter=in_use),
            taken=Count("pk", filter=in_use & Q(is_used=True)),
            held=Count("pk", filter=in_use & Q(is_used=False, is_held=True)),
            free=Count("pk", filter=free),
            reserved=Count("pk", filter=free & ~Q(quota=Quota.OPEN.value)),
            closed=Count("pk", filter=~in_use),
        )
        .order_by("department__name")
    )
    return [WardLoad(*row) for row in rows]


def places_of(actor: Actor) -> list[DepartmentPlaces]:
    """Each department of the actor's house with its beds and its next two weeks."""
    if actor.institution_id is None:
        return []
    loads = {load.department_id: load for load in ward_load(actor.institution_id)}
    beds = _bed_lines(actor.institution_id)
    days = _slot_days(actor.institution_id)
    departments = Department.objects.filter(
        institution=actor.institution_id, closed_on=None
    ).order_by("name")
    return [
        DepartmentPlaces(
            load=loads.get(id_) or WardLoad(id_, name, 0, 0, 0, 0, 0),
            beds=beds.get(id_, []),
            days=days.get(id_, []),
        )
        for id_, name in departments.values_list("id", "name")
    ]


def slots_on(actor: Actor, department_id: UUID, day: date) -> list[SlotLine]:
    """The appointments of one department on one day, for whoever keeps them."""
    now = timezone.now()
    slots = (
        Slot.objects.filter(
            institution=actor.institution_id,
            department=department_id,
            starts_at__date=day,
            cancelled_at=None,
        )
        .annotate(is_held=_held("slot", now))
        .order_by("starts_at", "id")
        .values_list(
            "id",
            "starts_at",
            "ends_at",
            "quota",
            "doctor__practitioner__name",
            "is_held",
        )
    )
    return [
        SlotLine(id_, start, end, Quota(quota), doctor or "", not is_held)
        for id_, start, end, quota, doctor, is_held in slots
    ]


def day_of(slot: Slot) -> date:
    return timezone.localdate(slot.starts_at)


def _bed_lines(institution_id: UUID) -> dict[UUID, list[BedLine]]:
    now = timezone.now()
    holder = _holds("bed", now).order_by("-state")
    rows = (
        Bed.objects.filter(institution=institution_id)
        .annotate(
            holding=holder.values("state")[:1],
            held_until=holder.values("expires_at")[:1],
        )
        .order_by(Length("label"), "label")  # 2 before 10
        .values_list(
            "department_id",
            "id",
            "label",
            "quota",
            "closed_at",
            "holding",
            "held_until",
        )
    )
    lines: dict[UUID, list[BedLine]] = {}
    for department_id, id_, label, quota, closed_at, holding, until in rows:
        state = _STATES.get(holding, "free") if closed_at is None else "closed"
        line = BedLine(id_, label, Quota(quota), state, until)
        lines.setdefault(department_id, []).append(line)
    return lines


_STATES: Final = {HoldState.HELD.value: "held", HoldState.USED.value: "taken"}


def _slot_days(institution_id: UUID) -> dict[UUID, list[SlotDay]]:
    now = timezone.now()
    rows = (
        _open_slots(now)
        .filter(institution=institution_id, starts_at__lt=now + LOOK_AHEAD)
        .annotate(is_held=_held("slot", now))
        .values("department_id", "starts_at__date")
        .annotate(open=Count("pk"), free=Count("pk", filter=Q(is_held=False)))
        .order_by("starts_at__date")
        .values_list("department_id", "starts_at__date", "open", "free")
    )
    days: dict[UUID, list[SlotDay]] = {}
    for department_id, day, open_, free in rows:
        days.setdefault(department_id, []).append(SlotDay(day, open_, free))
    return days


def _open_slots(now: datetime) -> QuerySet[Slot]:
    return Slot.objects.filter(cancelled_at=None, starts_at__gt=now)


def _held(place: str, now: datetime) -> Exists:
    return Exists(_holds(place, now))


def _holds(place: str, now: datetime) -> QuerySet[Hold]:
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    return Hold.objects.filter(in_time, state__in=_LIVE, **{place: OuterRef("pk")})
