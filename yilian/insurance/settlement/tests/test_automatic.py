"""Bills that settle themselves, and those that wait for a person."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.tests.browsing import as_actor, plain
from yilian.care.referral.tests.world import Place as House
from yilian.config.wiring import SUBSCRIPTIONS
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.jobs.rules import CLOCKS
from yilian.insurance.settlement import handlers
from yilian.insurance.settlement.events import BillPosted
from yilian.insurance.settlement.models import Bill, Coverage, Held, Settlement
from yilian.insurance.settlement.queries.checking import check_all
from yilian.insurance.settlement.queries.listing import waiting_bills
from yilian.insurance.settlement.queries.overview import overview
from yilian.insurance.settlement.rules.automatic import Asked, Ground, Scope, held
from yilian.insurance.settlement.rules.case import Kind, Place, Referral
from yilian.insurance.settlement.services import settle, take_back
from yilian.insurance.settlement.services.automatic import settle_due, settle_itself
from yilian.insurance.settlement.tests.automatic import hear, let, let_up_to
from yilian.insurance.settlement.tests.world import (
    SPRING,
    World,
    lines,
    posted,
    sent,
)
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person

pytestmark = pytest.mark.django_db

VISIT: dict[str, Any] = {"kind": "outpatient", "days": 0, "bill": lines(100)}


# --- the rule ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "kind", "place", "yuan", "state", "verdict", "ground"),
    [
        pytest.param("visits", "outpatient", "primary", 100, None, "", None, id="门诊"),
        pytest.param("visits", "inpatient", "primary", 100, "first_contact", "",
                     "stay", id="只开门诊时的住院"),
        pytest.param("all", "inpatient", "primary", 100, "first_contact", "", None,
                     id="基层首诊住院"),
        pytest.param("all", "inpatient", "tertiary", 100, "compliant_up",
                     "compliant_up", None, id="合规上转"),
        pytest.param("all", "inpatient", "tertiary", 100, "non_compliant", "",
                     "reduced", id="没有转诊，要减付"),
        pytest.param("all", "inpatient", "tertiary", 100, "non_compliant", "pending",
                     "undecided", id="转诊还没有判定"),
        pytest.param("all", "outpatient", "primary", 50_001, None, "", "dear",
                     id="超过上限"),
        pytest.param("all", "outpatient", "primary", 50_000, None, "", None,
                     id="正好到上限"),
        pytest.param("all", "inpatient", "outside", 100, "remote_filed", "", "outside",
                     id="区外手工录入"),
    ],
)  # fmt: skip
def test_what_a_person_has_to_look_at(
    scope: str, kind: str, place: str, yuan: int, state: str | None, verdict: str,
    ground: str | None,
) -> None:  # fmt: skip
    why = held(
        Asked(
            Kind(kind), Place(place), yuan * 100, Scope(scope), 5_000_000,
            Referral(state) if state else None, verdict,
        )
    )  # fmt: skip
    assert (why.ground if why else None) == ground


# --- settling ------------------------------------------------------------------


def test_unless_the_region_says_so_nothing_settles_itself(
    world: World, township: House, resident: Person
) -> None:
    bill = posted(township, resident, **VISIT)
    hear(bill)
    assert not bill.settles_itself
    assert Settlement.objects.count() == 0
    assert [line.id for line in waiting_bills(world.clerk).lines] == [bill.id]


def test_a_visit_is_settled_when_its_bill_has_come(
    world: World, township: House, resident: Person
) -> None:
    let(world, "visits")
    bill = posted(township, resident, **VISIT)
    assert list(waiting_bills(world.clerk).lines) == []
    hear(bill)
    row = Settlement.objects.get()
    assert (row.bill_id, row.settled_by_id) == (bill.id, None)
    done = AuditEntry.objects.get(action="settlement.settle")
    assert (done.account_id, done.person_id) == (None, resident.id)
    assert list(check_all()) == []


def test_heard_twice_it_is_settled_once(
    world: World, township: House, resident: Person
) -> None:
    let(world, "visits")
    bill = posted(township, resident, **VISIT)
    hear(bill)
    hear(bill)
    assert Settlement.objects.count() == 1
    assert Held.objects.count() == 0


def test_it_comes_out_as_a_clerk_would_have_settled_it(
    world: World, township: House, county: House, resident: Person
) -> None:
    let(world, "all")
    first = posted(township, resident)
    hop = sent(township, county, resident, on=SPRING + timedelta(days=6))
    second = posted(county, resident, day=6, bill=lines(6000), referral_id=hop.id)
    for bill in (first, second):
        hear(bill)
    assert [row.referral_state for row in Settlement.objects.order_by("sequence")] == [
        "first_contact", "compliant_up",
    ]  # fmt: skip
    assert list(check_all()) == []


def test_a_stay_that_would_be_reduced_waits_with_the_reason(
    world: World, tertiary: House, resident: Person
) -> None:
    let(world, "all")
    bill = posted(tertiary, resident)
    hear(bill)
    assert Settlement.objects.count() == 0
    [line] = waiting_bills(world.clerk).lines
    assert line.why is not None
    assert line.why.ground is Ground.REDUCED
    assert line.why.clause == "NX-3.2-d"
    settle(world.clerk, bill.id)
    assert Settlement.objects.get().settled_by_id == world.clerk.account_id


def test_a_dear_bill_is_looked_at_first(
    world: World, township: House, resident: Person
) -> None:
    let(world, "all")
    let_up_to(world, "2999.99")
    posted(township, resident)
    [line] = waiting_bills(world.clerk).lines
    assert line.why is not None
    assert "3,000.00" in str(line.why.words)
    assert "2,999.99" in str(line.why.words)


def test_what_the_rules_refuse_goes_to_the_exceptions_in_words(
    world: World, township: House, resident: Person
) -> None:
    """Between posting and settling the insurance was ended."""
    let(world, "all")
    bill = posted(township, resident, **VISIT)
    Coverage.objects.filter(person=resident).update(
        period=(date(2018, 1, 1), SPRING - timedelta(days=30))
    )
    hear(bill)
    assert Settlement.objects.count() == 0
    [line] = waiting_bills(world.clerk, exceptions=True).lines
    assert line.why is not None
    assert line.why.ground is Ground.REFUSED
    assert "没有有效的参保记录" in str(line.why.words)
    hear(bill)
    assert Held.objects.count() == 1
    assert AuditEntry.objects.filter(action="settlement.hold").count() == 1


def test_a_verdict_that_changed_since_is_asked_again(
    world: World, township: House, county: House, resident: Person
) -> None:
    let(world, "all")
    hop = sent(township, county, resident, on=SPRING)
    bill = posted(county, resident, referral_id=hop.id)
    assert bill.settles_itself
    hop.verdict = {"verdict": "pending", "checks": []}
    hop.save(update_fields=["verdict"])
    hear(bill)
    [line] = waiting_bills(world.clerk, exceptions=True).lines
    assert line.why is not None
    assert line.why.ground is Ground.UNDECIDED


def test_a_bill_taken_back_is_not_settled(
    world: World, township: House, resident: Person
) -> None:
    let(world, "visits")
    bill = posted(township, resident, **VISIT)
    take_back(world.finance[township.id], bill.id, reason="录错")
    hear(bill)
    assert Settlement.objects.count() == 0


def test_the_nearest_area_decides(
    world: World, township: House, resident: Person
) -> None:
    let(world, "all")
    let(world, "off", area="640121")
    assert not posted(township, resident, **VISIT).settles_itself


def test_the_clock_finds_what_no_handler_heard_of(
    world: World, township: House, resident: Person
) -> None:
    let(world, "visits")
    bill = posted(township, resident, **VISIT)
    assert settle_due() == 0  # the handler may still come
    assert settle_due(timezone.now() + timedelta(minutes=3)) == 1
    assert Settlement.objects.get().bill_id == bill.id
    assert settle_due(timezone.now() + timedelta(minutes=3)) == 0


def test_a_bill_that_goes_wrong_does_not_stop_the_others(
    world: World, township: House, resident: Person
) -> None:
    let(world, "visits")
    fine = posted(township, resident, day=1, **VISIT)
    broken = _broken(fine)
    assert settle_due(timezone.now() + timedelta(minutes=3)) == 1
    assert Settlement.objects.get().bill_id == fine.id
    [line] = waiting_bills(world.clerk, exceptions=True).lines
    assert line.id == broken.id
    assert line.why is not None
    assert line.why.ground is Ground.FAILED


def _broken(like: Bill) -> Bill:
    """Written past the door that would have refused it."""
    facts = {
        field.attname: getattr(like, field.attname)
        for field in Bill._meta.concrete_fields
    }
    earlier = like.posted_at - timedelta(minutes=1)
    told = {"id": new_id(), "number": "X", "lines": [{}], "posted_at": earlier}
    return Bill.objects.create(**(facts | told))


def test_the_event_is_heard_and_the_clock_beats() -> None:
    assert handlers.settle_posted in SUBSCRIPTIONS[BillPosted]
    assert settle_itself.__module__ + ".settle_due" in CLOCKS


def test_why_a_bill_waits_is_never_edited(
    world: World, tertiary: House, resident: Person
) -> None:
    let(world, "all")
    posted(tertiary, resident)
    with pytest.raises(ProgrammingError), transaction.atomic():
        Held.objects.update(ground="dear")


# --- pages ---------------------------------------------------------------------


def _clerk(world: World) -> Client:
    return as_actor(world.clerk)


def test_the_work_list_shows_only_what_needs_a_person(
    world: World, township: House, tertiary: House, resident: Person
) -> None:
    let(world, "all")
    alone = posted(township, resident, **VISIT)
    waits = posted(tertiary, resident, day=20)
    said = plain(_clerk(world).get(reverse("settlement:waiting")))
    assert waits.number in said
    assert alone.number not in said
    assert "没有合规的转诊，按规定减付" in said
    found = overview(world.clerk, timezone.now())
    assert (found.waiting, found.by_itself, found.is_stuck) == (1, 1, False)
    later = overview(world.clerk, timezone.now() + timedelta(minutes=11))
    assert later.is_stuck
    page = plain(_clerk(world).get(reverse("settlement:bill", args=[waits.id])))
    assert "等待人工结算：将减付" in page
    page = plain(_clerk(world).get(reverse("settlement:bill", args=[alone.id])))
    assert "正在自动结算" in page


def test_none_that_settle_themselves_are_not_counted_out(
    world: World, township: House, tertiary: House, resident: Person
) -> None:
    let(world, "all")
    posted(tertiary, resident)
    clerk = _clerk(world)
    assert "正在自动结算" not in plain(clerk.get(reverse("settlement:work")))
    posted(township, resident, day=20, **VISIT)
    assert "另有 1 张正在自动结算" in plain(clerk.get(reverse("settlement:work")))


def test_the_list_asks_as_few_questions_for_many_reasons_as_for_one(
    world: World, tertiary: House, resident: Person, django_assert_max_num_queries: Any
) -> None:
    let(world, "all")
    for n in range(12):
        posted(tertiary, resident, day=10 * n)
    client = _clerk(world)
    client.get(reverse("settlement:waiting"))
    with django_assert_max_num_queries(9):
        client.get(reverse("settlement:waiting"))
