"""A small region with insurers and finance offices, for the tests of settlement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from yilian.care.referral.models import Episode, Referral
from yilian.care.referral.rules.states import State
from yilian.care.referral.tests import world as care
from yilian.care.referral.tests.world import Place as House
from yilian.care.referral.tests.world import World as Care
from yilian.foundation.access.actor import Actor, Reach, Role, system_actor
from yilian.insurance.policy.tests.releases import make_released
from yilian.insurance.settlement.models import Bill, Coverage, Settlement
from yilian.insurance.settlement.rules.posting import BillFacts
from yilian.insurance.settlement.services import post_bill, settle
from yilian.kernel.calendar import start_of_day
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Direction, Tier, direction
from yilian.registry.directory.models import Institution
from yilian.registry.directory.tests.cast import make_authority
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

SYSTEM = system_actor("tests")
AREA = "640121"
# In the past, in a year of their own, as the worked examples lie.
SPRING = date(2025, 3, 3)
_COUNT = iter(range(1, 1_000_000))


@dataclass(frozen=True)
class World:
    care: Care
    resident: Person
    clerk: Actor  # of the city's insurer
    second: Actor
    elsewhere: Actor  # another city's
    finance: Mapping[UUID, Actor]  # by house


def make_world() -> World:
    found = care.make_world()
    make_released(effective_from=date(2018, 1, 1))
    bureau = make_authority()
    houses = (found.village, found.township, found.county, found.tertiary)
    found.resident.born_on = date(1980, 3, 8)  # of no age that exempts
    found.resident.save(update_fields=["born_on"])
    insured(found.resident)
    return World(
        care=found,
        resident=found.resident,
        clerk=insurer(bureau, "6401"),
        second=insurer(bureau, "6401"),
        elsewhere=insurer(bureau, "6404"),
        finance={
            # As the directory gives it: an office meets no patients.
            house.id: replace(
                people.staff(house.institution, Role.FINANCE), reach=Reach.AREA
            )
            for house in houses
        },
    )


def insurer(bureau: Institution, area: str) -> Actor:
    actor = people.staff(bureau, Role.INSURER, name="马经办")
    return replace(actor, reach=Reach.AREA, area_code=area)


def insured(person: Person, **facts: Any) -> Coverage:
    told = {
        "insurance": "resident",
        "area_code": AREA,
        "period": DateRange(date(2018, 1, 1), None),
        "created_at": timezone.now(),
    }
    return Coverage.objects.create(person=person, **(told | facts))


def lines(in_scope: str | int, total: str | int | None = None) -> list[dict[str, str]]:
    """So much in scope (class A), the rest class C."""
    beyond = 0 if total is None else int(total) - int(in_scope)
    found = [{"catalog_class": "A", "amount": f"{in_scope}.00"}]
    if beyond:
        found.append({"catalog_class": "C", "amount": f"{beyond}.00"})
    return found


def facts_of(
    person: Person,
    *,
    day: int = 0,
    days: int = 5,
    bill: Sequence[Mapping[str, Any]] | None = None,
    **more: Any,
) -> BillFacts:
    """A stay that begins so many days after the spring's first Monday."""
    admitted = SPRING + timedelta(days=day)
    told: dict[str, Any] = {
        "person_id": person.id,
        "number": f"B{next(_COUNT)}",
        "kind": "inpatient",
        "admitted_on": admitted,
        "discharged_on": admitted + timedelta(days=days),
        "lines": bill or lines(3000),
        "catalogue": "NX-2024",
        "diagnosis_code": "I10.x00",
    }
    return BillFacts(**(told | more))


def posted(house: House | None, person: Person, **facts: Any) -> Bill:
    """By the region's interface, as most bills come."""
    where = {"institution_id": house.id} if house else {"outside_name": "外省医院"}
    told = facts_of(person, **(where | facts))
    return post_bill(SYSTEM, key=new_id(), facts=told)


def settled(house: House | None, person: Person, **facts: Any) -> Settlement:
    return settle(SYSTEM, posted(house, person, **facts).id)


def visit(house: House, person: Person, cost: str | int, **facts: Any) -> Settlement:
    return settled(house, person, kind="outpatient", days=0, bill=lines(cost), **facts)


def sent(
    source: House,
    target: House | None,
    person: Person,
    *,
    on: date,
    verdict: str | None = None,
) -> Referral:
    """A hop that arrived on a day in the past, with its verdict as care stored it."""
    at = start_of_day(on) + timedelta(hours=9)
    way = Direction.UP
    if target is not None:
        way = direction(
            Tier(str(source.institution.tier)), Tier(str(target.institution.tier))
        )
    stored = verdict or f"compliant_{way.value}"
    check = {
        "key": "accepted",
        "question": "到诊前已被接收",
        "holds": stored != "non_compliant",
        "clause": "RI-4",
        "is_decisive": True,
    }
    return Referral.objects.create(
        number=f"Z{next(_COUNT):08}",
        episode=Episode.objects.create(
            person=person, specialty="cardiology", opened_at=at, closed_at=at
        ),
        person=person,
        state=State.COMPLETED.value,
        direction=way.value,
        urgency="routine",
        from_institution=source.institution,
        to_institution=target.institution if target else None,
        outside_name="" if target else "外省医院",
        specialty="cardiology",
        diagnosis_code="I10.x00",
        diagnosis_name="高血压病",
        reason="血压未达标",
        consent_by="self",
        consented_at=at,
        created_at=at,
        submitted_at=at,
        answered_at=at,
        arrived_at=at,
        closed_at=at,
        verdict={"verdict": stored, "checks": [check]},
    )


def shown(row: Settlement, *names: str) -> list[str]:
    return [f"{getattr(row, name):.2f}" for name in names]


def live(bill_id: UUID) -> Settlement:
    return Settlement.objects.live().get(bill_id=bill_id)
