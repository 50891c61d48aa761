"""Who acts, who works where, and what an institution is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from yilian.foundation.access.actor import ROLE_NAMES, Actor, Reach, Role
from yilian.foundation.identity.models import Account
from yilian.kernel.areas import short
from yilian.kernel.calendar import local_day
from yilian.kernel.text import Text
from yilian.kernel.tier import Tier
from yilian.registry.directory.models import (
    Department,
    DutyShift,
    Institution,
    PractitionerRole,
)
from yilian.registry.directory.rules import (
    SPECIALTY_NAMES,
    DutyKind,
    Grade,
    InstitutionKind,
    Level,
    Sponsor,
    reach_of,
)

# One statement for every request, so written by hand. The consortia are read
# here because asking for them separately would be a second one.
_POST: Final = """
SELECT post.id, post.roles, post.practitioner_id, post.institution_id,
       post.department_id, practitioner.name AS holder,
       institution.short_name AS place, institution.kind AS place_kind,
       institution.tier AS place_tier, institution.area_code AS place_area,
       count(*) OVER () AS held,
       (SELECT array_agg(DISTINCT member.consortium_id)
          FROM consortium_membership member
          JOIN consortium_consortium body ON body.id = member.consortium_id
         WHERE member.institution_id = post.institution_id
           AND member.period @> %(today)s
           AND (body.ended_on IS NULL OR body.ended_on > %(today)s)) AS consortia
  FROM directory_practitionerrole post
  JOIN directory_practitioner practitioner ON practitioner.id = post.practitioner_id
  JOIN directory_institution institution ON institution.id = post.institution_id
 WHERE post.account_id = %(account)s
   AND post.left_at IS NULL
   AND post.period @> %(today)s
 ORDER BY (post.id = %(post)s) IS TRUE DESC, (post.id = %(last)s) IS TRUE DESC,
          lower(post.period) NULLS FIRST, post.id
 LIMIT 1
"""


def today() -> date:
    """The day it is in Ningxia."""
    return local_day(timezone.now())


def actor_of_staff(account: Account, post_id: UUID | None) -> Actor | None:
    """The account in this post, else in the one it last worked in, else the first.

    None when it may not sign in or holds no post today.
    """
    if not account.is_active:
        return None
    values = {
        "account": account.id,
        "post": post_id,
        "last": account.last_post_id,
        "today": today(),
    }
    rows = cast(Any, PractitionerRole.objects.raw(_POST, values))
    return next((_actor(account.id, row) for row in rows), None)


def _actor(account_id: UUID, row: Any) -> Actor:
    roles = frozenset(Role(role) for role in row.roles)
    reach = reach_of(roles)
    return Actor(
        account_id=account_id,
        reach=reach,
        roles=roles,
        name=row.holder,
        post_id=row.id,
        practitioner_id=row.practitioner_id,
        institution_id=row.institution_id,
        institution_name=row.place,
        is_authority=row.place_kind == InstitutionKind.AUTHORITY,
        tier=Tier(row.place_tier) if row.place_tier else None,
        department_id=row.department_id,
        consortium_ids=frozenset(row.consortia or ()),
        area_code=short(row.place_area) if reach is Reach.AREA else "",
        has_other_posts=row.held > 1,
    )


@dataclass(frozen=True, slots=True)
class PostLine:
    """One post of an account, as the header offers it."""

    id: UUID
    label: Text
    is_current: bool


def posts_of(account: Account, current: UUID | None = None) -> list[PostLine]:
    """The posts held today, in the order in which the first one is chosen."""
    held = (
        PractitionerRole.objects.held_on(today())
        .filter(account_id=account.id)
        .order_by("period__startswith", "pk")
        .values_list("pk", "institution__short_name", "department__name", "roles")
    )
    return [
        PostLine(post, post_label(place, department, roles), post == current)
        for post, place, department, roles in held
    ]


def post_label(place: str, department: str | None, roles: Iterable[str]) -> Text:
    words = [ROLE_NAMES[Role(role)] for role in roles]
    if not department:
        return Text("{place} · {roles}", {"place": place, "roles": words})
    return Text(
        "{place} · {department} · {roles}",
        {"place": place, "department": department, "roles": words},
    )


@dataclass(frozen=True, slots=True)
class InstitutionLine:
    """An institution in a list or beside a name."""

    id: UUID
    code: str
    name: str
    legal_name: str
    kind: InstitutionKind
    tier: Tier | None
    level: Level
    grade: Grade
    sponsor: Sponsor
    area_code: str
    address: str
    phone: str
    referral_phone: str
    longitude: Decimal | None
    latitude: Decimal | None
    services: tuple[str, ...]
    opened_on: date | None
    closed_on: date | None

    def is_open_on(self, day: date) -> bool:
        return self.closed_on is None or self.closed_on > day


def institution_line(institution_id: UUID) -> InstitutionLine | None:
    return institution_lines([institution_id]).get(institution_id)


def institution_lines(ids: Iterable[UUID]) -> dict[UUID, InstitutionLine]:
    """One statement, however many."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {row.pk: line_of(row) for row in Institution.objects.filter(pk__in=wanted)}


def line_of(row: Institution) -> InstitutionLine:
    return InstitutionLine(
        id=row.pk,
        code=row.code,
        name=row.short_name,
        legal_name=row.legal_name,
        kind=InstitutionKind(row.kind),
        tier=Tier(row.tier) if row.tier else None,
        level=Level(row.level),
        grade=Grade(row.grade),
        sponsor=Sponsor(row.sponsor),
        area_code=row.area_code,
        address=row.address,
        phone=row.phone,
        referral_phone=row.referral_phone,
        longitude=row.longitude,
        latitude=row.latitude,
        services=tuple(row.services),
        opened_on=row.opened_on,
        closed_on=row.closed_on,
    )


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    id: UUID
    institution_id: UUID
    name: str
    specialty: str
    phone: str
    has_ward: bool
    treats: tuple[str, ...]
    is_national_key: bool
    is_regional_key: bool
    hosts_quality_centre: bool
    hosts_treatment_centre: bool

    @property
    def specialty_name(self) -> str:
        return SPECIALTY_NAMES.get(self.specialty, self.specialty)


def departments_of(institution_id: UUID) -> list[DepartmentLine]:
    """Those open, in the order of their names."""
    return departments_of_many([institution_id]).get(institution_id, [])


def departments_of_many(ids: Iterable[UUID]) -> dict[UUID, list[DepartmentLine]]:
    found: dict[UUID, list[DepartmentLine]] = {}
    rows = Department.objects.filter(
        Q(closed_on=None) | Q(closed_on__gt=today()), institution__in=set(ids)
    ).order_by("name", "pk")
    for row in rows:
        line = DepartmentLine(
            id=row.pk,
            institution_id=row.institution_id,
            name=row.name,
            specialty=row.specialty,
            phone=row.phone,
            has_ward=row.has_ward,
            treats=tuple(row.treats),
            is_national_key=row.is_national_key,
            is_regional_key=row.is_regional_key,
            hosts_quality_centre=row.hosts_quality_centre,
            hosts_treatment_centre=row.hosts_treatment_centre,
        )
        found.setdefault(row.institution_id, []).append(line)
    return found


@dataclass(frozen=True, slots=True)
class DutyLine:
    id: UUID
    post_id: UUID
    kind: DutyKind
    name: str
    title: str
    phone: str
    start: datetime
    end: datetime


def duty_now(institution_id: UUID, kind: str) -> DutyLine | None:
    """Who answers this minute; with two, the one who came on later."""
    now = timezone.now()
    running = _shifts(institution_id).filter(kind=kind, period__contains=now)
    return next(map(_duty_line, running.order_by("-period__startswith", "pk")), None)


def duty_roster(institution_id: UUID, start: datetime, end: datetime) -> list[DutyLine]:
    shifts = _shifts(institution_id).filter(period__overlap=(start, end))
    return list(map(_duty_line, shifts.order_by("period__startswith", "kind", "pk")))


def _shifts(institution_id: UUID) -> QuerySet[DutyShift]:
    return DutyShift.objects.filter(
        institution_id=institution_id, post__left_at=None
    ).select_related("post__practitioner", "institution")


def _duty_line(row: DutyShift) -> DutyLine:
    person = row.post.practitioner
    fallback = person.phone or row.institution.referral_phone or row.institution.phone
    return DutyLine(
        id=row.pk,
        post_id=row.post_id,
        kind=DutyKind(row.kind),
        name=person.name,
        title=person.title,
        phone=row.phone or fallback,
        start=row.period.lower,
        end=row.period.upper,
    )
