"""Compliance of arrived referrals, for the insurer of an area, 转诊合规.

An insurer sees who went where, when, and whether the rules were kept: masked
names, no clinical content.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from yilian.care.referral.models import Referral, ReferralQuerySet
from yilian.care.referral.rules.compliance import VERDICT_NAMES, Verdict
from yilian.care.referral.rules.reasons import URGENCY_NAMES, Urgency
from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.scope import find
from yilian.kernel import calendar
from yilian.kernel.names import mask_name
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.tier import DIRECTION_NAMES, Direction
from yilian.registry.population.rules import county_name

PAGE: Final = 40
MOST_EXPORTED: Final = 5000
MONTHS_OFFERED: Final = 12
DECIDED: Final = tuple(v for v in Verdict if v is not Verdict.PENDING)
_YEAR_DIGITS, _LAST_MONTH = 4, 12


@dataclass(frozen=True, slots=True)
class Asked:
    """`month` is its first day; None is the last twelve months."""

    verdict: Verdict | None = None
    month: date | None = None

    @property
    def month_text(self) -> str:
        return f"{self.month:%Y-%m}" if self.month else ""


@dataclass(frozen=True, slots=True)
class ComplianceLine:
    id: UUID
    number: str
    name: str  # masked, always
    person_id: UUID
    direction: str
    direction_name: str
    urgency_name: str
    from_name: str
    to_name: str
    insured_place: str
    submitted_at: datetime | None
    accepted_at: datetime | None
    arrived_at: datetime
    valid_until: datetime | None
    has_agreement: bool
    verdict: Verdict
    verdict_name: str


@dataclass(frozen=True, slots=True)
class CheckLine:
    question: str
    holds: bool | None
    clause: str
    is_decisive: bool


@dataclass(frozen=True, slots=True)
class ComplianceSteps:
    line: ComplianceLine
    checks: list[CheckLine]


def may_check(actor: Actor) -> bool:
    return actor.has(Role.INSURER) and actor.reach is Reach.AREA


def arrived_in(actor: Actor) -> ReferralQuerySet:
    """Arrived hops this insurer answers for; every read here starts with it.

    Insured in the area (it pays), or sent or treated there (it supervises).
    """
    if not may_check(actor) or not actor.area_code:
        return Referral.objects.none()
    area = actor.area_code
    here = (
        Q(person__insured_area__startswith=area)
        | Q(from_institution__area_code__startswith=area)
        | Q(to_institution__area_code__startswith=area)
    )
    return Referral.objects.filter(here, arrived_at__isnull=False).exclude(
        state="entered_in_error"
    )


def read_asked(verdict: str, month: str) -> Asked:
    """From a URL; what cannot be read is as if it were not asked."""
    known = next((v for v in DECIDED if v.value == verdict), None)
    return Asked(known, _month(month))


def page_of(
    actor: Actor, asked: Asked, now: datetime, cursor: str | None
) -> Page[ComplianceLine]:
    """Latest arrival first."""
    rows = _asked(actor, asked, now)
    mark = read_mark(cursor)
    if mark is not None:
        rows = rows.filter(arrived_at__lte=mark.at).exclude(
            arrived_at=mark.at, pk__gte=mark.id
        )
    found = list(rows[: PAGE + 1])
    return cut(found, PAGE, lambda row: Mark(row.arrived_at or now, row.pk)).each(_line)


def exported(actor: Actor, asked: Asked, now: datetime) -> list[ComplianceLine]:
    """At most `MOST_EXPORTED`; the sheet says so when there are more."""
    return [_line(row) for row in _asked(actor, asked, now)[: MOST_EXPORTED + 1]]


def steps_of(actor: Actor, referral_id: UUID) -> ComplianceSteps:
    row = find(_with_names(arrived_in(actor)), referral_id)
    checks = [
        CheckLine(**{k: c[k] for k in _CHECK}) for c in row.verdict.get("checks", ())
    ]
    return ComplianceSteps(_line(row), checks)


def months_offered(now: datetime) -> Iterator[date]:
    """The month of `now` and those before it."""
    day = calendar.local_day(now).replace(day=1)
    for _n in range(MONTHS_OFFERED):
        yield day
        day = (day - timedelta(days=1)).replace(day=1)


def as_cells(line: ComplianceLine) -> list[Any]:
    return [
        line.number, line.name, line.direction_name, line.urgency_name, line.from_name,
        line.to_name, line.insured_place, line.submitted_at, line.accepted_at,
        line.arrived_at, line.has_agreement, line.verdict_name,
    ]  # fmt: skip


_CHECK: Final = ("question", "holds", "clause", "is_decisive")


def _asked(actor: Actor, asked: Asked, now: datetime) -> ReferralQuerySet:
    start, end = _span(asked, now)
    rows = _with_names(arrived_in(actor)).filter(
        arrived_at__gte=start, arrived_at__lt=end
    )
    if asked.verdict is not None:
        rows = rows.filter(verdict__verdict=asked.verdict.value)
    return rows.order_by("-arrived_at", "-pk")


def _span(asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    if asked.month is None:
        *_rest, first = months_offered(now)
        return calendar.start_of_day(first), now + timedelta(days=1)
    following = (asked.month + timedelta(days=32)).replace(day=1)
    return calendar.start_of_day(asked.month), calendar.start_of_day(following)


def _month(text: str) -> date | None:
    year, _dash, month = text.partition("-")
    if not (text.isascii() and year.isdigit() and month.isdigit()):
        return None
    if len(year) != _YEAR_DIGITS or not 1 <= int(month) <= _LAST_MONTH or int(year) < 1:
        return None
    return date(int(year), int(month), 1) if int(year) < date.max.year else None


def _with_names(rows: ReferralQuerySet) -> ReferralQuerySet:
    return rows.select_related("from_institution", "to_institution", "person").only(
        "number", "state", "direction", "urgency", "submitted_at", "answered_at",
        "arrived_at", "valid_until", "agreement", "verdict", "outside_name",
        "person__name", "person__insured_area", "from_institution__short_name",
        "to_institution__short_name",
    )  # fmt: skip


def _line(row: Referral) -> ComplianceLine:
    verdict = Verdict(row.verdict.get("verdict", Verdict.PENDING.value))
    if row.arrived_at is None:
        raise AssertionError("only arrived hops come here")
    return ComplianceLine(
        id=row.id,
        number=row.number,
        name=mask_name(row.person.name),
        person_id=row.person_id,
        direction=row.direction,
        direction_name=DIRECTION_NAMES[Direction(row.direction)],
        urgency_name=URGENCY_NAMES[Urgency(row.urgency)],
        from_name=row.from_institution.short_name,
        to_name=row.to_institution.short_name
        if row.to_institution
        else row.outside_name,
        insured_place=county_name(row.person.insured_area) or row.person.insured_area,
        submitted_at=row.submitted_at,
        accepted_at=row.answered_at,
        arrived_at=row.arrived_at,
        valid_until=row.valid_until,
        has_agreement=row.agreement_id is not None,
        verdict=verdict,
        verdict_name=VERDICT_NAMES[verdict],
    )
