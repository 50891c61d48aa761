"""The ledgers as pages show them: subsidies, income, points."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Sum

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.insurance.budget.models import IncomeEntry, PointsEntry, SubsidyEntry
from yilian.insurance.budget.rules.ledgers import by_points
from yilian.insurance.budget.rules.states import POINT_NAMES, PointKind
from yilian.kernel.money import ZERO, from_fen, to_fen
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.registry.consortium.queries import fellow_members
from yilian.registry.directory.models import Practitioner, PractitionerRole
from yilian.registry.directory.queries import today

PAGE: Final = 50
_MOST_PEOPLE: Final = 300


def subsidies_visible_to(actor: Actor) -> "QuerySet[SubsidyEntry]":
    """Commissions of the area; consortium offices of their members; each house its
    own."""
    rows = SubsidyEntry.objects.select_related("institution")
    if actor.reach is Reach.SYSTEM:
        return rows
    if actor.has(Role.OFFICER) and actor.area_code:
        return rows.filter(institution__area_code__startswith=actor.area_code)
    if actor.has(Role.CONSORTIUM_OFFICE):
        fellows = fellow_members(actor.consortium_ids, today())
        return rows.filter(institution__in=fellows)
    if actor.has(Role.FINANCE):
        return rows.filter(institution=actor.institution_id)
    return rows.none()


def subsidies(actor: Actor, year: int | None, cursor: str | None) -> Page[SubsidyEntry]:
    """Newest first; red entries stand with what they take back."""
    taken = SubsidyEntry.objects.filter(reverses=OuterRef("pk"))
    rows = subsidies_visible_to(actor).annotate(is_taken_back=Exists(taken))
    if year:
        rows = rows.filter(year=year)
    mark = read_mark(cursor)
    if mark:
        rows = rows.filter(at__lte=mark.at).exclude(at=mark.at, pk__gte=mark.id)
    found = list(rows.order_by("-at", "-pk")[: PAGE + 1])
    return cut(found, PAGE, lambda row: Mark(row.at, row.pk))


@dataclass(frozen=True, slots=True)
class SubsidySums:
    base: Decimal
    amount: Decimal
    houses: int


def subsidy_sums(actor: Actor, year: int | None) -> SubsidySums:
    rows = subsidies_visible_to(actor)
    if year:
        rows = rows.filter(year=year)
    found = rows.aggregate(base=Sum("base"), amount=Sum("amount"))
    houses = rows.values("institution").distinct().count()
    return SubsidySums(found["base"] or ZERO, found["amount"] or ZERO, houses)


def years_of_subsidies(actor: Actor) -> list[int]:
    years = subsidies_visible_to(actor).order_by("-year").values_list("year", flat=True)
    return list(years.distinct())


@dataclass(frozen=True, slots=True)
class PersonPoints:
    practitioner_id: UUID
    name: str
    title: str
    of_kinds: Sequence[Decimal]  # in the order of POINT_NAMES
    points: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PointsMonth:
    """One house's month: what it may give, and to whom by points."""

    month: date
    income: IncomeEntry | None
    people: Sequence[PersonPoints]

    @property
    def points(self) -> Decimal:
        return sum((one.points for one in self.people), Decimal(0))

    @property
    def given(self) -> Decimal:
        return sum((one.amount for one in self.people), ZERO)


def points_month(institution_id: UUID, month: date) -> PointsMonth:
    income = income_of(institution_id, month)
    rows = PointsEntry.objects.filter(institution=institution_id, month=month)
    summed = rows.values_list("practitioner", "kind").annotate(Sum("points")).order_by()
    of_people: dict[UUID, dict[str, Decimal]] = {}
    for who, kind, points in summed:
        of_people.setdefault(who, {})[kind] = points
    totals = {str(who): sum(by.values(), Decimal(0)) for who, by in of_people.items()}
    whole = to_fen(income.distributable) if income else 0
    parts = by_points(whole, totals) if totals else {}
    named = Practitioner.objects.in_bulk(list(of_people))
    people = [
        PersonPoints(
            who,
            named[who].name,
            named[who].title,
            [by.get(kind.value, Decimal(0)) for kind in POINT_NAMES],
            totals[str(who)],
            from_fen(parts.get(str(who), 0)),
        )
        for who, by in of_people.items()
    ]
    ranked = sorted(people, key=lambda one: (-one.points, one.name))
    return PointsMonth(month, income, ranked)


def income_of(institution_id: UUID, month: date) -> IncomeEntry | None:
    """The one that stands: neither red nor taken back."""
    red = IncomeEntry.objects.filter(reverses=OuterRef("pk"))
    rows = IncomeEntry.objects.filter(
        ~Exists(red), institution=institution_id, month=month, reverses=None
    )
    return rows.first()


def incomes(institution_id: UUID) -> list[IncomeEntry]:
    """Newest month first, with red entries."""
    taken = IncomeEntry.objects.filter(reverses=OuterRef("pk"))
    rows = IncomeEntry.objects.filter(institution=institution_id)
    rows = rows.annotate(is_taken_back=Exists(taken))
    return list(rows.order_by("-month", "-at")[:36])


def point_entries(institution_id: UUID, month: date) -> list[PointsEntry]:
    taken = PointsEntry.objects.filter(reverses=OuterRef("pk"))
    rows = PointsEntry.objects.filter(institution=institution_id, month=month)
    rows = rows.select_related("practitioner").annotate(is_taken_back=Exists(taken))
    return list(rows.order_by("-at", "-pk")[:200])


def staff_of(institution_id: UUID) -> list[tuple[UUID, str]]:
    """Who works there today, to give points to."""
    posts = PractitionerRole.objects.held_on(today()).filter(institution=institution_id)
    named = posts.values_list("practitioner", "practitioner__name").distinct()
    return list(named.order_by("practitioner__name")[:_MOST_PEOPLE])


KINDS: Final[Sequence[tuple[PointKind, str]]] = tuple(POINT_NAMES.items())
