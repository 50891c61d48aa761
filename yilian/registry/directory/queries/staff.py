"""Who works where, and who answers when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from yilian.foundation.access.actor import ROLE_NAMES, Actor, Reach, Role
from yilian.kernel.names import pinyin_prefix
from yilian.kernel.page import Page
from yilian.registry.directory.models import DutyShift, PractitionerRole
from yilian.registry.directory.queries.actors import today
from yilian.registry.directory.rules import DutyKind


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
    return duties_now([institution_id], kind).get(institution_id)


def duties_now(institution_ids: Iterable[UUID], kind: str) -> dict[UUID, DutyLine]:
    """As `duty_now`, of several institutions in one query."""
    running = _shifts(institution_ids).filter(
        kind=kind, period__contains=timezone.now()
    )
    # Of two, the one who came on later is met last and stays.
    rows = running.order_by("period__startswith", "-pk")
    return {row.institution_id: _duty_line(row) for row in rows}


def duty_roster(institution_id: UUID, start: datetime, end: datetime) -> list[DutyLine]:
    shifts = _shifts([institution_id]).filter(period__overlap=(start, end))
    return list(map(_duty_line, shifts.order_by("period__startswith", "kind", "pk")))


def _shifts(institution_ids: Iterable[UUID]) -> QuerySet[DutyShift]:
    return DutyShift.objects.filter(
        institution__in=set(institution_ids), post__left_at=None
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


@dataclass(frozen=True, slots=True)
class StaffLine:
    """A post as colleagues see it."""

    post_id: UUID
    practitioner_id: UUID
    account_id: UUID | None
    name: str
    title: str
    department: str
    roles: list[str]
    start: date
    end: date | None
    left_at: datetime | None
    institution_id: UUID
    institution: str
    username: str
    is_locked: bool
    is_here: bool


def staff_of(institution_id: UUID, *, with_left: bool = False) -> list[StaffLine]:
    """By department and name."""
    posts = PractitionerRole.objects.filter(institution=institution_id)
    if not with_left:
        posts = posts.held_on(today())
    return _lines(posts)


def posts_held(account_id: UUID) -> list[StaffLine]:
    """All posts an account ever had, the standing ones first."""
    lines = _lines(PractitionerRole.objects.filter(account=account_id))
    return sorted(lines, key=lambda line: not line.is_here)


def _lines(posts: QuerySet[PractitionerRole]) -> list[StaffLine]:
    rows = posts.select_related("practitioner", "department", "institution", "account")
    ordered = rows.order_by("department__name", "practitioner__pinyin", "pk")
    return [_staff_line(row) for row in ordered]


def _staff_line(row: PractitionerRole) -> StaffLine:
    start, end = row.period.lower, row.period.upper
    day = today()
    return StaffLine(
        post_id=row.pk,
        practitioner_id=row.practitioner_id,
        account_id=row.account_id,
        name=row.practitioner.name,
        title=row.practitioner.title,
        department=row.department.name if row.department else "",
        roles=[ROLE_NAMES[Role(role)] for role in row.roles],
        start=start,
        end=end,
        left_at=row.left_at,
        institution_id=row.institution_id,
        institution=row.institution.short_name,
        username=row.account.username if row.account else "",
        is_locked=row.account is not None and not row.account.is_active,
        is_here=row.left_at is None and start <= day and (end is None or day < end),
    )


PAGE_SIZE = 50
AccountLine = StaffLine


def account_lines(
    actor: Actor, *, text: str = "", cursor: str = ""
) -> Page[AccountLine]:
    """Posts with an account in the actor's keeping: of the own institution, or of
    all in the area of the authority. The cursor is a post."""
    posts = _in_keeping(actor).exclude(account=None)
    if text:
        posts = posts.filter(_called(text))
    after = _uuid(cursor)
    if after:
        posts = posts.filter(pk__gt=after)
    rows = posts.select_related("practitioner", "department", "institution", "account")
    found = list(rows.order_by("pk")[: PAGE_SIZE + 1])
    has_more = len(found) > PAGE_SIZE
    lines = [_staff_line(row) for row in found[:PAGE_SIZE]]
    return Page(lines, str(lines[-1].post_id) if has_more else None)


def _in_keeping(actor: Actor) -> QuerySet[PractitionerRole]:
    if not actor.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        return PractitionerRole.objects.none()
    own = Q(institution=actor.institution_id)
    if actor.reach is Reach.AREA and actor.is_authority and actor.area_code:
        own |= Q(institution__area_code__startswith=actor.area_code)
    return PractitionerRole.objects.filter(own)


def _called(text: str) -> Q:
    found = Q(practitioner__name__startswith=text)
    found |= Q(account__username__istartswith=text)
    found |= Q(institution__short_name__icontains=text)
    letters = pinyin_prefix(text)
    return found | Q(practitioner__pinyin__startswith=letters) if letters else found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
