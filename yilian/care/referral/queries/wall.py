"""The desk as a wall shows it: counts, the oldest clocks, free beds. No full names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q

from yilian.care.referral.models import Referral, Reminder
from yilian.care.referral.queries import desk
from yilian.care.referral.queries.desk import HopLine
from yilian.care.referral.rules.display import tail_of, veiled
from yilian.care.referral.rules.ladder import MANUAL, MANUAL_NAME, Clock, rung_named
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import COMING, State
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.choices import values
from yilian.kernel import calendar
from yilian.kernel.names import mask_name
from yilian.resources.scheduling.queries import WardLoad, ward_load

SHOWN: Final = 8
WARDS: Final = 10


@dataclass(frozen=True, slots=True)
class WallCount:
    urgency: Urgency
    waiting: int
    overdue: int


@dataclass(frozen=True, slots=True)
class WallLine:
    """Whom it is about in a masked name; what was done about it last."""

    urgency: Urgency
    number: str
    person: str
    from_name: str
    where: str
    specialty: str
    assigned_to: str
    deadline: datetime | None
    clock_words: str
    is_paused: bool
    is_overdue: bool
    reminded: str


@dataclass(frozen=True, slots=True)
class Wall:
    counts: tuple[WallCount, ...]
    asked: int  # waiting for what the sender was asked
    coming_today: int
    lines: tuple[WallLine, ...]
    more: int
    wards: tuple[WardLoad, ...]
    free_beds: int
    beds: int

    @property
    def waiting(self) -> int:
        return sum(count.waiting for count in self.counts)

    @property
    def overdue(self) -> int:
        return sum(count.overdue for count in self.counts)


def wall(actor: Actor, now: datetime) -> Wall:
    waiting = desk.RECEIVED[0]
    hops = desk.received(actor, waiting).lines
    loads = ward_load(actor.institution_id) if actor.institution_id else []
    fullest = sorted(loads, key=lambda load: (-load.share_used, load.name))
    reminded = _reminded(hop.id for hop in hops[:SHOWN])
    counts, asked, coming = _counts(actor, now)
    shown = tuple(_line(hop, reminded.get(hop.id, "")) for hop in hops[:SHOWN])
    total = asked + sum(count.waiting for count in counts)
    return Wall(
        counts=counts,
        asked=asked,
        coming_today=coming,
        lines=shown,
        more=max(total - len(shown), 0),
        wards=tuple(fullest[:WARDS]),
        free_beds=sum(load.free for load in loads),
        beds=sum(load.beds for load in loads),
    )


def veiled_wall(shown: Wall) -> Wall:
    """For a screen that hangs where anybody may stand: no person, no colleague."""
    lines = [
        replace(
            line,
            person=veiled(line.person),
            number=tail_of(line.number),
            assigned_to="",
        )
        for line in shown.lines
    ]
    return replace(shown, lines=tuple(lines))


def _counts(actor: Actor, now: datetime) -> tuple[tuple[WallCount, ...], int, int]:
    mine = Referral.objects.visible_to(actor).filter(
        to_institution=actor.institution_id
    )
    unanswered = Q(state=State.SUBMITTED.value)
    midnight = calendar.start_of_day(calendar.local_day(now))
    next_day = midnight + timedelta(days=1)
    today = Q(state__in=values(COMING), visit_at__gte=midnight, visit_at__lt=next_day)
    asked = Q(state=State.INFO_REQUESTED.value)
    found = mine.filter(asked | today).aggregate(
        asked=Count("pk", filter=asked), coming=Count("pk", filter=today)
    )
    rows = (
        mine.filter(unanswered)
        .values_list("urgency")
        .annotate(
            waiting=Count("pk"), late=Count("pk", filter=Q(answer_due_at__lte=now))
        )
    )
    by_urgency = {urgency: (waiting, late) for urgency, waiting, late in rows}
    counts = tuple(WallCount(u, *by_urgency.get(u.value, (0, 0))) for u in Urgency)
    return counts, found["asked"], found["coming"]


def _line(hop: HopLine, reminded: str) -> WallLine:
    return WallLine(
        urgency=hop.urgency,
        number=hop.number,
        person=mask_name(hop.person.name) if hop.person else "",
        from_name=hop.from_name,
        where=hop.department,
        specialty=hop.specialty,
        assigned_to=hop.assigned_to,
        deadline=hop.deadline,
        clock_words=hop.clock_words,
        is_paused=hop.is_paused,
        is_overdue=hop.is_overdue,
        reminded=reminded,
    )


def _reminded(ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """By hop, the last reminder that somebody was told."""
    rows = Reminder.objects.filter(referral__in=list(ids), is_skipped=False)
    found = {}
    for hop, clock, rung in rows.order_by("fired_at", "pk").values_list(
        "referral_id", "clock", "rung"
    ):
        known = rung_named(Clock(clock), rung)
        found[hop] = known.name if known else MANUAL_NAME if rung == MANUAL else ""
    return found
