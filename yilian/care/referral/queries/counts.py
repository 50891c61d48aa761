"""Counts of referrals for officers and consortium offices: no persons, 统计.

Every number is over the last 90 days, by the moment of submission, without what
was entered in error. Up counts where the patient left, down where one came to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
)
from django.db.models.functions import Substr

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.counting import (
    ALL_IN_TIME,
    LEAST_SHOWN,
    Share,
    UpAndDown,
    few,
)
from yilian.care.referral.rules.reasons import DECLINE_REASONS
from yilian.care.referral.rules.states import State
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.kernel import calendar
from yilian.kernel.tier import Direction
from yilian.registry.consortium.models import Membership
from yilian.registry.consortium.queries import ConsortiumLine, consortia_of
from yilian.registry.consortium.rules import Form, MemberRole
from yilian.registry.population.rules import COUNTY_NAMES

SPAN: Final = timedelta(days=90)
MOST_PAIRS: Final = 40
_COUNTY: Final = 6


@dataclass(frozen=True, slots=True)
class CountyLine:
    """`words`, `gap`, `href`: as the tile map wants them."""

    code: str
    name: str
    flow: UpAndDown
    in_time: Share
    href: str | None = None

    @property
    def words(self) -> str:
        return self.in_time.words

    @property
    def gap(self) -> Decimal | None:
        percent = self.in_time.percent
        return None if percent is None else ALL_IN_TIME - percent


@dataclass(frozen=True, slots=True)
class PairLine:
    from_name: str
    to_name: str
    up: int
    down: int
    same_tier: int
    in_time: Share


@dataclass(frozen=True, slots=True)
class ReasonLine:
    name: str
    count: int

    @property
    def words(self) -> str:
        return few(self.count)


@dataclass(frozen=True, slots=True)
class Counts:
    start: datetime
    end: datetime
    flow: UpAndDown
    same_tier: int
    in_time: Share
    declined: Share
    median: timedelta | None
    reasons: list[ReasonLine] = field(default_factory=list)
    counties: list[CountyLine] = field(default_factory=list)
    pairs: list[PairLine] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.flow.up or self.flow.down or self.same_tier)

    @property
    def readings(self) -> Mapping[str, CountyLine]:
        return {line.code: line for line in self.counties}


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    name = "median"
    output_field = DurationField()
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


def may_count(actor: Actor) -> bool:
    is_officer = actor.has(Role.OFFICER) and actor.reach is Reach.AREA
    is_office = actor.has(Role.CONSORTIUM_OFFICE) and bool(actor.consortium_ids)
    return is_officer or is_office


def choices(actor: Actor, now: datetime) -> list[ConsortiumLine]:
    """The consortia an office may look at: those its house leads stand first."""
    if not actor.has(Role.CONSORTIUM_OFFICE) or actor.institution_id is None:
        return []
    lines = consortia_of(actor.institution_id, calendar.local_day(now))
    seen = {
        line.id: line
        for line in reversed(lines)
        if line.form is not Form.TELEMEDICINE_NETWORK
    }
    order = {MemberRole.LEAD: 0, MemberRole.CO_LEAD: 1}
    return sorted(seen.values(), key=lambda line: (order.get(line.role, 2), line.alias))


def counted(
    actor: Actor, now: datetime, consortium_id: UUID | None = None
) -> QuerySet[Referral]:
    """Hops that touch the officer's area or one of the office's consortia; all
    counts start here. Never shown as rows."""
    rows = Referral.objects.filter(
        submitted_at__gte=now - SPAN, submitted_at__lte=now
    ).exclude(state=State.ENTERED_IN_ERROR.value)
    if not may_count(actor):
        return rows.none()
    if actor.has(Role.OFFICER) and actor.area_code:
        return rows.filter(
            Q(from_institution__area_code__startswith=actor.area_code)
            | Q(to_institution__area_code__startswith=actor.area_code)
        )
    members = (
        Membership.objects.on(calendar.local_day(now))
        .filter(consortium__in=actor.consortium_ids & {consortium_id})
        .values("institution")
    )
    return rows.filter(Q(from_institution__in=members) | Q(to_institution__in=members))


def counts(actor: Actor, now: datetime, consortium_id: UUID | None = None) -> Counts:
    """Six statements, whatever the size."""
    rows = counted(actor, now, consortium_id)
    total = rows.aggregate(
        **_NUMBERS, **_in_time(now), median=Median(_WAIT, filter=_ANSWERED)
    )
    return Counts(
        start=now - SPAN,
        end=now,
        flow=UpAndDown(total["up"], total["down"]),
        same_tier=total["same_tier"],
        in_time=Share(total["in_time"], total["judged"]),
        declined=Share(total["declined"], total["answered"]),
        median=total["median"],
        reasons=_reasons(rows),
        counties=_counties(actor, rows, now),
        pairs=_pairs(rows, now),
    )


_ANSWERED: Final = Q(answered_at__isnull=False, to_institution__isnull=False)
_WAIT: Final = ExpressionWrapper(
    F("answered_at") - F("submitted_at"), output_field=DurationField()
)
_NUMBERS: Final = {
    **{way.value: Count("pk", filter=Q(direction=way.value)) for way in Direction},
    "answered": Count("pk", filter=_ANSWERED),
    "declined": Count("pk", filter=_ANSWERED & Q(state=State.DECLINED.value)),
}


def _in_time(now: datetime) -> dict[str, Any]:
    """Of those answered or past their limit, those answered within it."""
    due = Q(to_institution__isnull=False) & (
        Q(answered_at__isnull=False) | Q(answer_due_at__lt=now)
    )
    kept = _ANSWERED & Q(answered_at__lte=F("answer_due_at"))
    return {"judged": Count("pk", filter=due), "in_time": Count("pk", filter=kept)}


def _reasons(rows: QuerySet[Referral]) -> list[ReasonLine]:
    found = (
        rows.filter(state=State.DECLINED.value)
        .values_list("close_reason")
        .annotate(n=Count("pk"))
        .order_by("-n", "close_reason")
    )
    return [ReasonLine(DECLINE_REASONS.get(code, code), n) for code, n in found]


def _counties(
    actor: Actor, rows: QuerySet[Referral], now: datetime
) -> list[CountyLine]:
    left = _by_county(rows, "from_institution", {"up": _NUMBERS["up"]})
    come = _by_county(
        rows, "to_institution", {"down": _NUMBERS["down"], **_in_time(now)}
    )
    shown = [code for code in COUNTY_NAMES if code in left or code in come]
    if actor.has(Role.OFFICER):
        shown = [code for code in COUNTY_NAMES if code.startswith(actor.area_code)]
    return [_county(code, left.get(code, {}), come.get(code, {})) for code in shown]


def _county(code: str, left: Mapping[str, int], come: Mapping[str, int]) -> CountyLine:
    return CountyLine(
        code=code,
        name=COUNTY_NAMES[code],
        flow=UpAndDown(left.get("up", 0), come.get("down", 0)),
        in_time=Share(come.get("in_time", 0), come.get("judged", 0)),
    )


def _by_county(
    rows: QuerySet[Referral], side: str, numbers: Mapping[str, Any]
) -> dict[str, dict[str, int]]:
    county = Substr(f"{side}__area_code", 1, _COUNTY)
    found = (
        rows.annotate(county=county)
        .values("county")
        .annotate(**numbers)
        .order_by("county")
    )
    return {row["county"]: cast(Any, row) for row in found if row["county"]}


def _pairs(rows: QuerySet[Referral], now: datetime) -> list[PairLine]:
    names = ("from_institution__short_name", "to_institution__short_name")
    ways = {way.value: _NUMBERS[way.value] for way in Direction}
    found: Iterable[Mapping[str, Any]] = (
        rows.filter(to_institution__isnull=False)
        .values("from_institution", "to_institution", *names)
        .annotate(all=Count("pk"), **ways, **_in_time(now))
        .filter(all__gte=LEAST_SHOWN)
        .order_by("-all", *names)[:MOST_PAIRS]
    )
    return [
        PairLine(
            row[names[0]], row[names[1]], row["up"], row["down"], row["same_tier"],
            Share(row["in_time"], row["judged"]),
        )
        for row in found
    ]  # fmt: skip
