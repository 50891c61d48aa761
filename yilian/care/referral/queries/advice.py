"""Destinations for one patient, each with its reasons, in a few queries (NX-2.2.4-c).

Going up, every house of the region on a higher rung that can treat the diagnosis is
looked at; going down or across, those the patient has something to do with: in the
consortium, of the contract, with an agreement, or where they live.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Case, Q, QuerySet, When
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.destination import Candidate, Proposal, propose
from yilian.care.referral.rules.reasons import Urgency
from yilian.foundation.access.actor import Actor
from yilian.kernel import calendar
from yilian.kernel.distance import Place, great_circle_km, road_minutes
from yilian.kernel.errors import NotFound
from yilian.kernel.tier import Direction, Tier, direction
from yilian.registry.consortium.models import Membership, MembershipQuerySet
from yilian.registry.consortium.queries import agreements_for, patient_consortia
from yilian.registry.consortium.rules import Form
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.rules import nearness
from yilian.registry.population.models import Person
from yilian.registry.population.queries import chosen_institutions, sight_of
from yilian.registry.population.rules import Scope
from yilian.resources.scheduling.queries import FreePlaces, free_places

MOST_LOOKED_AT: Final = 300
_LONGEST_PREFIX: Final = 8
_TOWNSHIP, _COUNTY = 9, 6
# Who comes down needs care to go on, more than the specialty that began it.
_AFTER_CARE: Final = ("rehabilitation", "general", "geriatrics", "nursing_care")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is sought, and for whom."""

    actor: Actor
    home: UUID  # the institution that sends
    way: Direction
    diagnosis_code: str
    specialty: str
    area_code: str  # where the person lives
    chosen: frozenset[UUID]
    senders: frozenset[UUID]  # who sent the person up, as far as this house knows
    day: date

    @property
    def prefixes(self) -> list[str]:
        """Every beginning of the code, as departments list what they treat."""
        code = self.diagnosis_code.upper()
        longest = min(len(code), _LONGEST_PREFIX)
        return [code[:length] for length in range(1, longest + 1)]


def proposals(
    actor: Actor,
    person_id: UUID,
    *,
    diagnosis_code: str,
    urgency: Urgency,
    specialty: str,
    way: Direction = Direction.UP,
    limit: int = 8,
    only: Collection[UUID] | None = None,
) -> list[Proposal]:
    """The best first; `only` explains these institutions, wherever they stand."""
    if actor.tier is None or actor.institution_id is None:
        return []
    now = timezone.now()
    if sight_of(actor, person_id).scope < Scope.SUMMARY:
        raise NotFound
    day = calendar.local_day(now)
    asked = _Asked(
        actor=actor,
        home=actor.institution_id,
        way=way,
        diagnosis_code=diagnosis_code,
        specialty=specialty,
        area_code=Person.objects.values_list("area_code", flat=True).get(pk=person_id),
        chosen=frozenset(chosen_institutions(person_id, day).values()),
        senders=_senders(actor, person_id),
        day=day,
    )
    houses = _houses(asked, only)
    ranked = propose(actor.tier, urgency, _candidates(asked, houses, now))
    return ranked[:limit]


def _houses(asked: _Asked, only: Collection[UUID] | None) -> list[Institution]:
    rows = Institution.objects.open_on(asked.day).receiving()
    rows = rows.exclude(pk=asked.home)
    if only is not None:
        return list(rows.filter(pk__in=only).order_by("code")[:MOST_LOOKED_AT])
    own = asked.actor.tier or Tier.VILLAGE
    tiers = [tier.value for tier in Tier if direction(own, tier) is asked.way]
    wanted = Q(pk__in=asked.chosen) | Q(pk__in=_partners(asked).values("institution"))
    wanted |= Q(pk__in=asked.senders)
    wanted |= _near(asked) if asked.way is not Direction.UP else _capable(asked)
    known = Case(When(pk__in=asked.senders | asked.chosen, then=0), default=1)
    found = rows.filter(wanted, tier__in=tiers).order_by(known, "code")
    return list(found[:MOST_LOOKED_AT])


def _partners(asked: _Asked) -> MembershipQuerySet:
    own = Membership.objects.on(asked.day).filter(institution=asked.home)
    # The telemedicine network joins every house: no ground to send a patient there.
    network = Form.TELEMEDICINE_NETWORK.value
    members = Membership.objects.on(asked.day).exclude(consortium__form=network)
    return members.filter(consortium__in=own.values("consortium"))


def _senders(actor: Actor, person_id: UUID) -> frozenset[UUID]:
    """Whoever began or passed on the illnesses that brought the person here."""
    here = Referral.objects.visible_to(actor).filter(
        person=person_id, to_institution=actor.institution_id
    )
    hops = Referral.objects.filter(
        episode__in=here.values("episode"), submitted_at__isnull=False
    )
    return frozenset(hops.values_list("from_institution", flat=True))


def _near(asked: _Asked) -> Q:
    """In the person's township; or in their county, where it can care for them."""
    county = Q(area_code__startswith=asked.area_code[:_COUNTY])
    if not asked.area_code:
        return _capable(asked)
    return Q(area_code__startswith=asked.area_code[:_TOWNSHIP]) | county & _capable(
        asked
    )


def _capable(asked: _Asked) -> Q:
    return Q(pk__in=_treating(asked).values("institution"))


def _treating(asked: _Asked) -> QuerySet[Department]:
    fits = Q(specialty=asked.specialty) | Q(treats__overlap=asked.prefixes)
    if asked.way is Direction.DOWN:
        fits |= Q(specialty__in=_AFTER_CARE)
    is_open = Q(closed_on=None) | Q(closed_on__gt=asked.day)
    return Department.objects.filter(fits, is_open)


def _candidates(
    asked: _Asked, houses: list[Institution], now: datetime
) -> Iterable[Candidate]:
    ids = [house.pk for house in houses]
    if not ids:
        return []
    departments = _best_departments(asked, ids)
    places = free_places([found.pk for found in departments.values()], now)
    shared = patient_consortia(asked.home, ids, asked.day)
    agreed = agreements_for(asked.home, ids, asked.day)
    start = _place(Institution.objects.get(pk=asked.home))
    return [
        _candidate(
            asked,
            house,
            departments.get(house.pk),
            places,
            names=tuple(dict.fromkeys(line.alias for line in shared.get(house.pk, ()))),
            has_agreement=house.pk in agreed,
            start=start,
        )
        for house in houses
    ]


def _best_departments(asked: _Asked, ids: list[UUID]) -> dict[UUID, Department]:
    """Of each house the one that fits best."""
    rows = _treating(asked).filter(institution__in=ids).order_by("name", "pk")
    best: dict[UUID, Department] = {}
    for row in rows:
        known = best.get(row.institution_id)
        if known is None or _fit(asked, row) > _fit(asked, known):
            best[row.institution_id] = row
    return best


def _fit(asked: _Asked, row: Department) -> tuple[bool, int, bool, bool]:
    """The specialty asked for, then the nearest to the code, then renown."""
    near = nearness(row.specialty, row.treats, asked.diagnosis_code)
    is_key = row.is_national_key or row.is_regional_key
    return (row.specialty == asked.specialty, *near, is_key)


def _candidate(
    asked: _Asked,
    house: Institution,
    department: Department | None,
    places: Mapping[UUID, FreePlaces],
    *,
    names: tuple[str, ...],
    has_agreement: bool,
    start: Place | None,
) -> Candidate:
    free = places.get(department.pk) if department else None
    end = _place(house)
    km = great_circle_km(start, end) if start and end else None
    township = asked.area_code[:_TOWNSHIP]
    return Candidate(
        institution_id=house.pk,
        name=house.short_name,
        tier=Tier(house.tier or Tier.PRIMARY),
        department_id=department.pk if department else None,
        department_name=department.name if department else "",
        consortium_names=names,
        has_agreement=has_agreement,
        is_chosen=house.pk in asked.chosen,
        free_beds=free.beds if free and department and department.has_ward else None,
        next_slot_at=free.next_slot_at if free else None,
        km=km,
        minutes=None if km is None else road_minutes(km),
        phone=house.referral_phone or house.phone,
        has_sent=house.pk in asked.senders,
        is_home=len(township) == _TOWNSHIP and house.area_code.startswith(township),
    )


def _place(house: Institution) -> Place | None:
    if house.longitude is None or house.latitude is None:
        return None
    return float(house.longitude), float(house.latitude)
