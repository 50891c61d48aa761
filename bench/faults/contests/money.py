"""Bills, settlements, slips between houses, drafts of parameters."""

from datetime import date, timedelta
from decimal import Decimal
from functools import cache, partial
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from bench.faults.contests.fight import Contests, Fight, Wins
from bench.faults.contests.players import SYSTEM, cast, county, number, person, township
from yilian.insurance.clearing.models import Entry, SharedService
from yilian.insurance.clearing.rules.ledger import owed
from yilian.insurance.clearing.rules.slip import Kind
from yilian.insurance.clearing.services import posting, slips
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.services import drafting, releasing
from yilian.insurance.settlement.models import Bill, Coverage, Settlement
from yilian.insurance.settlement.rules.filing import Evidence
from yilian.insurance.settlement.rules.posting import BillFacts
from yilian.insurance.settlement.services import appeal, post_bill, settle, void
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Tier
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import Person

MONEY = Contests()
CLERK = "insurance_clerk"
HOUSE = "county_finance"
OTHER = "township_finance"
SUPERVISOR = "insurance_supervisor"
LINES = ({"catalog_class": "A", "amount": "3000.00"},)
STAY = timedelta(days=5)


def insured(born_after: int = 0) -> UUID:
    found = person()
    while (born_on := Person.objects.get(pk=found).born_on) is not None:
        if born_on.year > born_after:
            break
        found = person()
    Coverage.objects.create(
        person_id=found,
        insurance="resident",
        area_code="640121",
        period=DateRange(date(2018, 1, 1), None),
        created_at=timezone.now(),
    )
    return found


def facts(
    whose: UUID, days_ago: int = 60, where: Institution | None = None
) -> BillFacts:
    admitted = timezone.localdate() - timedelta(days=days_ago)
    return BillFacts(
        person_id=whose,
        number=f"BENCH{new_id().hex}",
        kind="inpatient",
        admitted_on=admitted,
        discharged_on=admitted + STAY,
        lines=LINES,
        catalogue="bench",
        diagnosis_code="I10.x00",
        institution_id=(where or county()).pk,
    )


@cache
def far_hospital() -> Institution:
    """Who lies there without a referral gets less, and may say why it was right."""
    found = Institution.objects.filter(tier=Tier.TERTIARY, kind="general_hospital")
    return found.order_by("code")[0]


def posted(whose: UUID | None = None, days_ago: int = 60) -> Bill:
    told = facts(whose or insured(), days_ago)
    return post_bill(SYSTEM, key=new_id(), facts=told)


def settled() -> Settlement:
    return settle(SYSTEM, posted().id)


@MONEY.add("two clerks settle one bill")
def settled_twice() -> Fight:
    bill = posted()
    acts = [partial(settle, actor, bill.id) for actor in (SYSTEM, cast(CLERK))]
    return Fight(acts, lambda: Settlement.objects.filter(bill_id=bill.id).count() == 1)


@MONEY.add("one form with a bill is sent four times", Wins.SAME)
def posted_again() -> Fight:
    key, told = new_id(), facts(insured())
    acts = [partial(post_bill, SYSTEM, key=key, facts=told)] * 4
    return Fight(acts, lambda: Bill.objects.filter(number=told.number).count() == 1)


@MONEY.add("one bill comes in two forms")
def posted_twice() -> Fight:
    told = facts(insured())
    acts = [partial(post_bill, SYSTEM, key=new_id(), facts=told) for _ in range(2)]
    return Fight(acts, lambda: Bill.objects.filter(number=told.number).count() == 1)


@MONEY.add("two bills of one year are settled", Wins.ALL)
def one_year() -> Fight:
    """One after the other: what the first used up the second does not get again."""
    whose = insured()
    bills = [posted(whose, days) for days in (70, 40)]
    return Fight([partial(settle, SYSTEM, bill.id) for bill in bills])


@MONEY.add("one settlement is taken back twice")
def voided_twice() -> Fight:
    row = settled()
    acts = [partial(void, cast(CLERK), row.id, reason="录错") for _ in range(2)]
    reversals = Settlement.objects.filter(bill_id=row.bill_id, entry="reversal")
    return Fight(acts, lambda: reversals.count() == 1)


@MONEY.add("one bill is appealed twice")
def appealed_twice() -> Fight:
    whose = insured(born_after=1964)  # the old are exempt: nothing to appeal against
    bill = post_bill(SYSTEM, key=new_id(), facts=facts(whose, where=far_hospital()))
    settle(SYSTEM, bill.id)
    told = Evidence(reason="转诊单未关联")
    acts = [
        partial(appeal, cast(CLERK), bill.id, key=new_id(), evidence=told)
        for _ in range(2)
    ]
    return Fight(acts)


# --- Between the houses -------------------------------------------------------


@cache
def template() -> SharedService:
    """What the county did for the township once: its item and its price are known."""
    found = SharedService.objects.filter(
        provider=cast(HOUSE).institution_id, requester=cast(OTHER).institution_id
    ).first()
    assert found is not None, "the demo region has slips of these two"
    return found


def recorded() -> SharedService:
    told = slips.Facts(
        requester_id=template().requester_id,
        kind=Kind(template().kind),
        item_code=template().item_code,
        quantity=Decimal(1 + number() % 9),
        performed_on=timezone.localdate(),
    )
    return slips.record(cast(HOUSE), key=new_id(), facts=told)


@MONEY.add("one slip is acknowledged twice")
def acknowledged_twice() -> Fight:
    row = recorded()
    acts = [partial(slips.acknowledge, cast(OTHER), row.pk) for _ in range(2)]
    return Fight(acts, lambda: Entry.objects.filter(event_id=row.pk).count() == 1)


@MONEY.add("a slip is acknowledged and withdrawn")
def acknowledged_and_withdrawn() -> Fight:
    row = recorded()
    acts = [
        partial(slips.acknowledge, cast(OTHER), row.pk),
        partial(slips.withdraw, cast(HOUSE), row.pk, reason="录错"),
    ]

    def is_right() -> bool:
        row.refresh_from_db()
        is_booked = Entry.objects.filter(event_id=row.pk).exists()
        return is_booked == (row.state == "acknowledged")

    return Fight(acts, is_right)


@MONEY.add("one event is booked four times", Wins.SAME)
def booked_again() -> Fight:
    event = new_id()
    act = partial(
        posting.post,
        SYSTEM,
        event_kind="bench",
        event_id=event,
        day=timezone.localdate(),
        lines=owed(county().pk, township().pk, 1400),
        text="远程心电诊断",
        clause="NX-2.3.4-d",
    )
    return Fight([act] * 4, lambda: Entry.objects.filter(event_id=event).count() == 1)


# --- Parameters ---------------------------------------------------------------


@MONEY.add("a draft of parameters is reviewed twice")
def reviewed_twice() -> Fight:
    base = ParameterSetVersion.objects.order_by("-number")[0]
    draft = drafting.draft_from(
        cast(CLERK),
        key=new_id(),
        version_id=base.pk,
        effective_from=date(timezone.localdate().year + 2, 1, 1),
        title="争用测试",
        source="bench",
        area_code="6401",
    )
    review = partial(releasing.review, cast(SUPERVISOR), draft, revision=1)
    return Fight([review, review])
