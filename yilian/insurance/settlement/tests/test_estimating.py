"""Before the fact: with the referral and without it, from the region's own bills."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from yilian.care.referral.tests.world import Place as House
from yilian.care.referral.tests.world import seen_by
from yilian.foundation.audit.models import AuditEntry
from yilian.insurance.settlement.queries.costs import usual_cost, usual_costs
from yilian.insurance.settlement.queries.estimating import Estimate, NoEstimate
from yilian.insurance.settlement.rules.case import Place
from yilian.insurance.settlement.services import refresh_usual_costs, void
from yilian.insurance.settlement.services.reading import open_estimate
from yilian.insurance.settlement.tests.world import World, insured, lines, settled
from yilian.kernel.errors import NotFound
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people
from yilian.resources.reception.models import Encounter

pytestmark = pytest.mark.django_db


@pytest.fixture
def costs(world: World, tertiary: House, county: House, township: House) -> World:
    """Five stays for one illness at each tier."""
    for house, total in ((tertiary, 20000), (county, 6000), (township, 3000)):
        for n, share in enumerate((8, 9, 10, 11, 12)):
            person = people.person(f"王{'一二三四五'[n]}")
            insured(person)
            amount = total * share // 10
            settled(
                house, person, bill=lines(amount * 9 // 10, amount),
                diagnosis_code="I21.401",
            )  # fmt: skip
    refresh_usual_costs()
    return world


def _estimate(
    world: World, person: Person, source: House, target: House | None
) -> Estimate:
    return open_estimate(
        source.doctor,
        person_id=person.id,
        diagnosis_code="I21.900",
        from_institution_id=source.id,
        to_institution_id=target.id if target else None,
    )


def test_usual_costs_are_quartiles_of_what_is_in_force(
    costs: World, tertiary: House
) -> None:
    cost = usual_cost("I21.900", Place.TERTIARY)
    assert cost is not None
    assert (cost.count, cost.lower, cost.median, cost.upper) == (
        5, Decimal(18000), Decimal(20000), Decimal(22000),
    )  # fmt: skip
    assert cost.in_scope_share == Decimal("0.9000")
    assert len(usual_costs("I21")) == 3
    dearest = settled(tertiary, costs.resident, bill=lines(90000), diagnosis_code="I21")
    void(costs.clerk, dearest.id, reason="录错")
    assert refresh_usual_costs() == 3
    again = usual_cost("I21", Place.TERTIARY)
    assert again is not None
    assert again.count == 5


def test_going_up_with_a_referral_is_cheaper(
    costs: World, township: House, tertiary: House, resident: Person
) -> None:
    found = _estimate(costs, resident, township, tertiary)
    with_it, without = found.with_referral, found.without_referral
    assert (with_it.state, without.state) == ("compliant_up", "non_compliant")
    # 18,000 in scope, 1,000 deductible: 10,200 of the fund, or half of it.
    assert (with_it.fund_pay, without.fund_pay) == (Decimal(10200), Decimal(5100))
    assert found.saved == Decimal(5100)
    assert [step.code for step in with_it.steps][:3] == [
        "in_scope_amount", "referral", "deductible_due",
    ]  # fmt: skip
    entry = AuditEntry.objects.get(action="settlement.estimate")
    assert (entry.person_id, entry.ground) == (resident.id, "contract")


def test_the_stay_going_on_now_has_begun_the_chain(
    costs: World, township: House, tertiary: House, resident: Person
) -> None:
    Encounter.objects.create(
        person=resident,
        institution=township.institution,
        kind="inpatient",
        started_at=timezone.now() - timedelta(days=3),
    )
    found = _estimate(costs, resident, township, tertiary)
    assert found.assumes_stay
    assert found.with_referral.deductible == Decimal(800)  # 1,000 − 200 borne
    assert found.without_referral.deductible == Decimal(1000)


def test_coming_down_spares_the_deductible(
    costs: World, tertiary: House, township: House, resident: Person
) -> None:
    Encounter.objects.create(
        person=resident,
        institution=tertiary.institution,
        kind="inpatient",
        started_at=timezone.now() - timedelta(days=9),
    )
    seen_by(tertiary, resident)
    found = _estimate(costs, resident, tertiary, township)
    assert found.with_referral.deductible == 0
    assert found.without_referral.state == "first_contact"
    assert found.without_referral.deductible == Decimal(200)


def test_who_is_exempt_pays_the_same(
    costs: World, township: House, tertiary: House, resident: Person
) -> None:
    resident.born_on = date(1950, 3, 8)
    resident.save()
    found = _estimate(costs, resident, township, tertiary)
    assert found.without_referral.state == "exempt_person"
    assert found.saved == 0


def test_too_few_cases_give_no_number(
    world: World, township: House, tertiary: House, resident: Person
) -> None:
    with pytest.raises(NoEstimate, match="不足 3 例"):
        _estimate(world, resident, township, tertiary)


def test_who_is_not_insured_gets_no_number(
    costs: World, township: House, tertiary: House
) -> None:
    stranger = people.person("李强")
    seen_by(township, stranger)
    with pytest.raises(NoEstimate, match="参保"):
        _estimate(costs, stranger, township, tertiary)


def test_only_who_sees_the_person_may_ask(
    costs: World, township: House, tertiary: House, resident: Person
) -> None:
    told: dict[str, Any] = {
        "person_id": resident.id,
        "diagnosis_code": "I21.900",
        "from_institution_id": township.id,
        "to_institution_id": tertiary.id,
    }
    own = people.resident_actor(resident.id)
    assert open_estimate(own, **told).saved > 0
    for nobody in (people.resident_actor(), costs.care.stranger.doctor):
        with pytest.raises(NotFound):
            open_estimate(nobody, **told)
    with pytest.raises(NotFound):
        open_estimate(own, **(told | {"to_institution_id": new_id()}))
