"""Late emergencies and appeals: evidence, clock, four eyes, and the money after."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.access.actor import Actor
from yilian.foundation.parameters.models import ParameterValue
from yilian.foundation.parameters.queries import forget
from yilian.insurance.settlement.models import Bill, Decision, Filing, Settlement
from yilian.insurance.settlement.queries.checking import check_all
from yilian.insurance.settlement.queries.deadlines import late_filing_until
from yilian.insurance.settlement.rules.case import Referral
from yilian.insurance.settlement.rules.filing import Evidence
from yilian.insurance.settlement.rules.ledger import FilingState
from yilian.insurance.settlement.services import (
    appeal,
    confirm_decision,
    decide,
    file_late,
    settle,
)
from yilian.insurance.settlement.services.filing import FilingClosed, TooLate
from yilian.insurance.settlement.tests.world import (
    World,
    lines,
    live,
    posted,
    sent,
    settled,
    shown,
)
from yilian.kernel.errors import Conflict, Invalid, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db
RESCUE = Evidence(reason="急性心梗抢救", triage_level=1)
WRONG = Evidence(reason="县医院已同意转诊，转诊单未关联")


@pytest.fixture
def penalised(tertiary: House, resident: Person, world: World) -> Bill:
    """Discharged today, without a referral."""
    today = timezone.localdate()
    bill = posted(
        tertiary, resident, bill=lines(20000, 22000),
        admitted_on=today - timedelta(days=6), discharged_on=today,
    )  # fmt: skip
    settle(world.clerk, bill.id)
    return bill


@pytest.fixture
def house(world: World, tertiary: House) -> Actor:
    return world.finance[tertiary.id]


def _filed(actor: Actor, bill: Bill, evidence: Evidence = RESCUE) -> Filing:
    return file_late(actor, bill.id, key=new_id(), evidence=evidence)


def _appealed(actor: Actor, bill: Bill) -> Filing:
    return appeal(actor, bill.id, key=new_id(), evidence=WRONG)


def test_an_appeal_granted_by_two_is_settled_again(
    world: World, penalised: Bill, house: Actor
) -> None:
    filing = _appealed(house, penalised)
    decision = decide(
        world.clerk, filing.id, grants=True, note="转诊单属实",
        referral_state=Referral.COMPLIANT_UP,
    )  # fmt: skip
    assert shown(live(penalised.id), "basic_pay") == ["5700.00"]  # not yet
    confirm_decision(world.second, decision.id, agrees=True, note="同意")
    after = live(penalised.id)
    assert shown(after, "basic_pay") == ["11400.00"]
    assert (after.cause, after.referral_state) == ("decided", "compliant_up")
    assert after.decision_id == decision.id
    filing.refresh_from_db()
    assert filing.state == FilingState.ACCEPTED
    assert list(check_all()) == []


def test_recognising_the_first_stay_changes_the_chain_behind_it(
    world: World, penalised: Bill, house: Actor, county: House, tertiary: House,
    resident: Person,
) -> None:  # fmt: skip
    """A penalised stay feeds no chain; recognised, it does."""
    sent(tertiary, county, resident, on=penalised.discharged_on)
    low = settled(
        county, resident, bill=lines(3000), admitted_on=penalised.discharged_on,
        discharged_on=penalised.discharged_on,
    )  # fmt: skip
    assert shown(low, "deductible_due") == ["500.00"]
    decision = decide(
        world.clerk, _filed(house, penalised).id, grants=True, note="抢救记录属实"
    )
    confirm_decision(world.second, decision.id, agrees=True)
    assert shown(live(low.bill_id), "deductible_due") == ["0.00"]
    assert list(check_all()) == []


def test_refusing_needs_two_as_well_and_changes_no_money(
    world: World, penalised: Bill, house: Actor
) -> None:
    filing = _filed(house, penalised)
    decision = decide(world.clerk, filing.id, grants=False, note="无抢救记录")
    confirm_decision(world.second, decision.id, agrees=True)
    filing.refresh_from_db()
    assert filing.state == FilingState.REFUSED
    assert Settlement.objects.filter(bill_id=penalised.id).count() == 1
    again = _appealed(house, penalised)
    assert again.state == FilingState.OPEN


def test_without_the_seconds_agreement_it_is_open_again(
    world: World, penalised: Bill, house: Actor
) -> None:
    filing = _filed(house, penalised)
    decision = decide(world.clerk, filing.id, grants=True, note="抢救记录属实")
    confirm_decision(world.second, decision.id, agrees=False, note="材料不清")
    filing.refresh_from_db()
    assert filing.state == FilingState.OPEN
    assert shown(live(penalised.id), "basic_pay") == ["5700.00"]
    decide(world.second, filing.id, grants=True, note="已补材料")


def test_nobody_decides_alone(world: World, penalised: Bill, house: Actor) -> None:
    filing = _filed(house, penalised)
    decision = decide(world.clerk, filing.id, grants=True, note="属实")
    with pytest.raises(NotPermitted):
        confirm_decision(world.clerk, decision.id, agrees=True)
    with pytest.raises(NotPermitted):
        confirm_decision(house, decision.id, agrees=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(id=decision.id).update(
            standing="in_force",
            second_by=world.clerk.account_id,
            second_at=timezone.now(),
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(id=decision.id).update(standing="in_force")


def test_who_filed_does_not_decide(world: World, penalised: Bill) -> None:
    filing = _filed(world.clerk, penalised)
    with pytest.raises(NotPermitted):
        decide(world.clerk, filing.id, grants=True, note="属实")
    decide(world.second, filing.id, grants=True, note="属实")


def test_what_is_decided_is_decided_once(
    world: World, penalised: Bill, house: Actor
) -> None:
    filing = _filed(house, penalised)
    decision = decide(world.clerk, filing.id, grants=True, note="属实")
    with pytest.raises(FilingClosed):
        decide(world.second, filing.id, grants=False, note="不属实")
    confirm_decision(world.second, decision.id, agrees=True)
    with pytest.raises(FilingClosed):
        confirm_decision(world.second, decision.id, agrees=True)
    with pytest.raises(Conflict, match="没有减付"):
        _appealed(house, penalised)


@pytest.mark.parametrize(
    ("field", "evidence"),
    [
        ("triage_level", Evidence(reason="胸痛")),
        ("triage_level", Evidence(reason="胸痛", triage_level=3)),
        ("triage_level", Evidence(reason="胸痛", triage_level=7)),
        ("reason", Evidence(reason=" ", triage_level=1)),
    ],
)
def test_an_emergency_needs_evidence(
    field: str, evidence: Evidence, penalised: Bill, house: Actor
) -> None:
    with pytest.raises(Invalid) as refused:
        _filed(house, penalised, evidence)
    assert list(refused.value.fields) == [field]


def test_granting_an_appeal_says_what_the_stay_is(
    world: World, penalised: Bill, house: Actor
) -> None:
    filing = _appealed(house, penalised)
    for state in (None, Referral.NON_COMPLIANT, Referral.REMOTE_FILED):
        with pytest.raises(Invalid) as refused:
            decide(
                world.clerk, filing.id, grants=True, note="同意", referral_state=state
            )
        assert list(refused.value.fields) == ["referral_state"]


def test_after_the_days_of_filing_only_an_appeal_is_left(
    world: World, tertiary: House, resident: Person
) -> None:
    row = settled(tertiary, resident)  # last year
    bill = Bill.objects.get(id=row.bill_id)
    house = world.finance[tertiary.id]
    with pytest.raises(TooLate, match="申诉"):
        _filed(house, bill)
    assert _appealed(house, bill).state == FilingState.OPEN


def test_days_off_that_were_released_put_off_what_is_counted_in_working_days(
    penalised: Bill, house: Actor
) -> None:
    before = late_filing_until(penalised)
    today = timezone.localdate()
    off = {str(today + timedelta(days=ahead)): False for ahead in range(1, 31)}
    ParameterValue.objects.create(
        key="referral.working_days", area_code="64", starts_on=date(2017, 1, 1),
        value=off, state="released", proposed_by=people.account(),
        decided_by=people.account(),
    )  # fmt: skip
    forget()
    assert late_filing_until(penalised) > before + timedelta(days=20)
    assert _filed(house, penalised).due_at > timezone.now() + timedelta(days=30)


def test_one_filing_at_a_time_and_one_per_form(penalised: Bill, house: Actor) -> None:
    key = new_id()
    first = file_late(house, penalised.id, key=key, evidence=RESCUE)
    assert file_late(house, penalised.id, key=key, evidence=RESCUE).id == first.id
    with pytest.raises(Conflict, match="正在审核"):
        _appealed(house, penalised)


def test_residents_appeal_for_themselves(
    penalised: Bill, resident: Person, world: World
) -> None:
    own = people.resident_actor(resident.id)
    assert _appealed(own, penalised).filed_by_id == own.account_id
    with pytest.raises(NotPermitted):
        _filed(own, penalised)


def test_there_is_nothing_to_gain_for_a_compliant_stay_or_a_visit(
    world: World, township: House, resident: Person
) -> None:
    house = world.finance[township.id]
    stay = Bill.objects.get(id=settled(township, resident).bill_id)
    visit = posted(township, resident, kind="outpatient", days=0)
    waiting = posted(township, resident, day=20)
    for bill in (stay, visit, waiting):
        with pytest.raises(Conflict):
            _appealed(house, bill)


def test_outside_the_region_a_filing_is_a_remote_one(
    world: World, resident: Person
) -> None:
    row = settled(None, resident, bill=lines(40000, 45000))
    bill = Bill.objects.get(id=row.bill_id)
    filing = _appealed(world.clerk, bill)
    decision = decide(world.second, filing.id, grants=True, note="备案属实")
    confirm_decision(world.clerk, decision.id, agrees=True)
    assert shown(live(bill.id), "basic_pay") == ["19250.00"]


def test_money_adds_up_whatever_was_decided(
    world: World, penalised: Bill, house: Actor
) -> None:
    decision = decide(world.clerk, _filed(house, penalised).id, grants=True, note="是")
    confirm_decision(world.second, decision.id, agrees=True)
    rows: list[Any] = list(Settlement.objects.filter(bill_id=penalised.id))
    assert sum(row.total for row in rows) == Decimal("22000.00")
    assert sum(row.basic_pay for row in rows) == Decimal("11400.00")
