"""No page of money reads more because there are years of settlements."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.tests.browsing import as_actor
from yilian.foundation.access.actor import Role
from yilian.foundation.tests.plans import (
    Plan,
    analyse,
    copies,
    rows_read,
    stay_bounded,
)
from yilian.insurance.settlement.models import (
    Anomaly,
    Bill,
    Decision,
    Filing,
    Settlement,
)
from yilian.insurance.settlement.rules.filing import Evidence
from yilian.insurance.settlement.rules.ledger import Suspicion
from yilian.insurance.settlement.services import appeal, void
from yilian.insurance.settlement.services.summing import sum_up
from yilian.insurance.settlement.tests import world as region
from yilian.insurance.settlement.tests.past import days_ago, on
from yilian.insurance.settlement.tests.world import World, settled, visit
from yilian.kernel.ids import new_id
from yilian.registry.directory.tests.cast import actor_at, make_authority
from yilian.registry.population.models import Person

N: Final = 700
MOST: Final = 500  # rows that one statement may read: ten times a page
GROWING: Final = (
    Person, Bill, Settlement, Decision, Anomaly, Filing,
)  # fmt: skip
# A visit an hour and a half, a stay every half day, for months and then years.
EARLIER: Final = "now() - interval '3 days' - g * interval '90 minutes'"
LATELY: Final = "now() - interval '3 days' - g * interval '5 minutes'"
Pages = Mapping[str, Callable[[], Any]]


@pytest.fixture
def world(transactional_db: None) -> World:
    """Committed, so that the server can count it."""
    return region.make_world()


def test_pages_read_no_more_when_four_times_as_much_was_settled(world: World) -> None:
    past = _past(world)
    _lengthen(world, past, range(1, N))
    pages = _pages(world, past)
    before = _measured(pages)
    _lengthen(world, past, range(N, 4 * N))
    after = _measured(pages)
    found = [
        f"{name} {words}"
        for name in pages
        for words in stay_bounded(before[name], after[name], most=MOST)
    ]
    assert not found, "\n".join(found)


def _past(world: World) -> dict[str, Settlement]:
    """A visit, a stay at full and one at a reduced rate, a red entry and what came
    after it, a filing, suspicions; and people insured elsewhere, in the same houses."""
    care, resident = world.care, world.resident
    with on(days_ago(3)):
        found = {
            "visit": visit(care.county, resident, 50),
            "stay": settled(care.township, resident, day=30),
            "reduced": settled(care.county, resident, day=60),
        }
        gone = visit(care.county, resident, 70, day=90)
        found["red"] = void(world.clerk, gone.id, reason="录错")
    evidence = Evidence(reason="转诊单未关联")
    appeal(world.clerk, found["reduced"].bill_id, key=new_id(), evidence=evidence)
    Anomaly.objects.create(
        person=resident, kind=Suspicion.NO_ARRIVAL.value, mark="1", amount=1,
        institution=care.county.institution, insured_area=region.AREA, facts={},
        bills=[found["stay"].bill_id], found_at=timezone.now(),
    )  # fmt: skip
    return found


def _lengthen(world: World, past: Mapping[str, Settlement], numbers: range) -> None:
    """Mostly visits; a stay for eight of them, and few that were reduced or taken
    back. The newest of all were settled for people of another county."""
    copies(
        Person, world.resident.id, numbers,
        id="md5('person' || g)::uuid", identity_hash="NULL",
    )  # fmt: skip
    _settled(past["visit"], numbers, "visit")
    few = range(1 + numbers.start // 8, 1 + numbers.stop // 8)
    for name in ("stay", "reduced"):
        _settled(past[name], few, name, at=EARLIER.replace("90 minutes", "12 hours"))
    _settled(past["visit"], numbers, "other", at=LATELY, insured_area="'640522'",
             institution_id=f"'{world.care.stranger.id}'")  # fmt: skip
    anomaly = Anomaly.objects.order_by("mark")[0]
    copies(
        Anomaly, anomaly.id, few, id="gen_random_uuid()", mark="'m' || g",
        state="'explained'", note="'x'", found_at=EARLIER, decided_at="now()",
        decided_by_id=f"'{world.clerk.account_id}'",
    )  # fmt: skip
    sum_up()


def _settled(
    like: Settlement, numbers: range, name: str, *, at: str = EARLIER, **said: str
) -> None:
    person = "md5('person' || g)::uuid"
    bill, decision = f"md5('{name} bill' || g)::uuid", f"md5('{name} d' || g)::uuid"
    day = f"(({at}) AT TIME ZONE 'Asia/Shanghai')::date"
    houses = {k: v for k, v in said.items() if k != "kind"}
    copies(
        Bill, like.bill_id, numbers, id=bill, person_id=person,
        number=f"'{name}' || g", posted_at=at, settled_at=at,
        admitted_on=day, discharged_on=day, **houses,
    )  # fmt: skip
    told = {}
    if like.decision_id is not None:
        copies(
            Decision, like.decision_id, numbers, id=decision, person_id=person,
            bill_id=bill, decided_at=at,
        )  # fmt: skip
        told["decision_id"] = decision
    copies(
        Settlement, like.id, numbers, id=f"md5('{name} s' || g)::uuid",
        person_id=person, bill_id=bill, number=f"'{name[:3].upper()}' || g",
        sequence={"visit": "1", "stay": "2", "reduced": "3", "other": "4"}[name],
        settled_at=at, booked_on=day, discharged_on=day, **told, **said,
    )  # fmt: skip


def _pages(world: World, past: Mapping[str, Settlement]) -> Pages:
    county = world.care.county
    clerk = as_actor(actor_at(make_authority("银川市医保局", "640100"), Role.INSURER))
    whole = as_actor(actor_at(make_authority("自治区医保局", "640000"), Role.INSURER))
    office = as_actor(world.finance[county.id])
    day = (timezone.localdate() - timedelta(days=30)).isoformat()
    month = day[:7]
    bill = past["reduced"].bill_id
    return {
        **_lists("clerk", clerk, day, month, str(county.id)),
        **_lists("region", whole, day, month, str(county.id)),
        **_lists("office", office, day, month, ""),
        "clerk work": _page(clerk, "settlement:work"),
        "office work": _page(office, "settlement:work"),
        "count": _page(clerk, "settlement:count"),
        "waiting": _page(clerk, "settlement:waiting"),
        "office waiting": _page(office, "settlement:waiting"),
        "filings": _page(clerk, "settlement:filings"),
        "anomalies": _page(clerk, "settlement:anomalies"),
        "sums": _page(clerk, "settlement:sums"),
        "office sums": _page(office, "settlement:sums"),
        "bill": _page(clerk, "settlement:bill", bill),
    }


def _lists(
    who: str, client: Client, day: str, month: str, house: str
) -> dict[str, Callable[[], None]]:
    asked: dict[str, dict[str, str]] = {
        "all": {},
        "everything": {"everything": "on"},
        "reduced": {"penalised": "on"},
        "changed": {"adjusted": "on"},
        "stays": {"kind": "inpatient"},
        "state": {"state": "non_compliant"},
        "ended": {"until": day},
        "day": {"day": day},
        "month": {"month": month},
        "area": {"area": "640121"},
        "house": {"at": house},
        "number": {"text": "nothing"},
    }
    return {
        f"{who} {name}": _page(client, "settlement:list", **query)
        for name, query in asked.items()
    }


def _page(client: Client, name: str, *args: object, **asked: str) -> Callable[[], None]:
    address = reverse(name, args=args)

    def ask() -> None:
        assert client.get(address, asked).status_code == 200

    return ask


def _measured(pages: Pages) -> dict[str, list[Plan]]:
    analyse(*(model._meta.db_table for model in GROWING))
    return {name: rows_read(ask) for name, ask in pages.items()}
