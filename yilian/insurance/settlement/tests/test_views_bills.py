"""A bill with its turns and its chain, search, many at once, paper and file."""

import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from yilian.care.referral.models import Referral
from yilian.care.referral.tests.browsing import as_actor, as_resident, plain, words
from yilian.care.referral.tests.world import Place as House
from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.insurance.settlement.models import Bill, Settlement
from yilian.insurance.settlement.services import void
from yilian.insurance.settlement.tests.pages import clerk_of, officer_of
from yilian.insurance.settlement.tests.world import (
    SPRING,
    World,
    insured,
    lines,
    posted,
    sent,
    settled,
    visit,
)
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(world: World) -> Client:
    return clerk_of("6401")


@pytest.fixture
def chain(
    world: World, township: House, county: House, resident: Person
) -> tuple[Settlement, Settlement]:
    """Up by a referral: 200 at the township, 300 more at the county."""
    first = settled(township, resident, bill=lines(1500, 1600))
    sent(township, county, resident, on=SPRING + timedelta(days=5))
    second = settled(county, resident, day=5, bill=lines(6000, 6500))
    return first, second


def _bill(row: Settlement | Bill) -> str:
    bill_id = row.bill_id if isinstance(row, Settlement) else row.id
    return reverse("settlement:bill", args=[bill_id])


def test_the_chain_shows_what_each_stay_bore_of_one_deductible(
    clerk: Client, chain: tuple[Settlement, Settlement], resident: Person
) -> None:
    said = plain(clerk.get(_bill(chain[1])))
    for told in ("500.00 − 已承担 200.00 = 应付 300.00", "4,275.00", "2,225.00",
                 "全链只承担一次最高起付线 500.00", "NX-3.2-c"):  # fmt: skip
        assert told in said, told
    assert resident.name not in said
    entry = AuditEntry.objects.get(action="settlement.read_bill")
    assert (entry.person_id, entry.ground) == (resident.id, "insurer")


def test_a_value_leads_to_the_release_it_comes_from(
    clerk: Client, chain: tuple[Settlement, Settlement]
) -> None:
    page = words(clerk.get(_bill(chain[1])))
    assert "住院报销比例" in page
    assert re.search(r"NX-DEMO-2018 / ", page)


def test_voiding_leaves_three_turns_that_can_all_be_read(
    clerk: Client, chain: tuple[Settlement, Settlement]
) -> None:
    first, second = chain
    answer = clerk.post(
        reverse("settlement:void", args=[first.bill_id]), {"reason": "录错项目"}
    )
    assert answer.status_code == 302
    said = plain(clerk.get(_bill(second)))
    for told in ("红冲", "重新结算", "因同一参保人的另一张单据重新计算", "−150.00"):
        assert told in said, told
    assert "已于" in plain(clerk.get(_bill(first)))
    again = clerk.post(
        reverse("settlement:void", args=[first.bill_id]), {"reason": "x"}
    )
    assert again.status_code == 409


def test_a_reason_is_asked_before_anything_is_voided(
    clerk: Client, chain: tuple[Settlement, Settlement]
) -> None:
    before = Settlement.objects.count()
    answer = clerk.post(reverse("settlement:void", args=[chain[0].bill_id]), {})
    assert answer.status_code == 422
    assert Settlement.objects.count() == before


def test_a_house_takes_back_its_own_bill_before_it_is_settled(
    world: World, clerk: Client, township: House, county: House, resident: Person
) -> None:
    bill = posted(township, resident)
    back = reverse("settlement:take_back", args=[bill.id])
    other = as_actor(world.finance[county.id])
    assert other.post(back, {"reason": "错"}).status_code == 404
    house = as_actor(world.finance[township.id])
    assert "撤回单据" in plain(house.get(_bill(bill)))
    assert house.post(back, {"reason": "患者信息有误"}).status_code == 302
    bill.refresh_from_db()
    assert bill.voided_at is not None


# --- the referral behind it ---------------------------------------------------------


def _links(answer: Any) -> set[str]:
    return set(
        re.findall(r'href="(/referrals/[^"?]*[0-9a-f-]{36}[^"]*)"', words(answer))
    )


def test_the_bill_leads_to_its_referral_where_its_reader_may_open_it(
    clerk: Client, chain: tuple[Settlement, Settlement], resident: Person
) -> None:
    hop = Referral.objects.get()
    address = _bill(chain[1])
    by_reader = {
        reverse("referral:compliance_steps", args=[hop.id]): clerk,
        reverse("referral:mine_detail", args=[hop.id]): as_resident(resident),
    }
    for page, reader in by_reader.items():
        answer = reader.get(address)
        assert _links(answer) == {page}
        assert words(answer).count(f'href="{page}"') == len(
            ("the bill", "its decision")
        )
        assert reader.get(page).status_code == 200


def test_no_bill_leads_to_a_referral_that_its_reader_would_not_find(
    world: World, clerk: Client, chain: tuple[Settlement, Settlement], county: House
) -> None:
    """An office meets no patients; and to the insurer only the arrived are shown."""
    hop = Referral.objects.get()
    address = _bill(chain[1])
    office = as_actor(world.finance[county.id])
    answer = office.get(address)
    assert hop.number in plain(answer)
    assert _links(answer) == set()
    assert office.get(reverse("referral:detail", args=[hop.id])).status_code == 404

    Referral.objects.update(arrived_at=None)
    assert _links(clerk.get(address)) == set()
    steps = reverse("referral:compliance_steps", args=[hop.id])
    assert clerk.get(steps).status_code == 404


# --- search ----------------------------------------------------------------------


@pytest.fixture
def many(world: World, township: House, county: House, resident: Person) -> list[Any]:
    other = people.person("赵大山")
    insured(other)
    return [
        settled(township, resident),
        settled(county, other, number="ZY-77"),  # nobody sent him
        visit(township, other, 50, day=60),
    ]


def _shown(clerk: Client, many: list[Any], **asked: str) -> list[bool]:
    page = plain(clerk.get(reverse("settlement:list"), asked))
    return [row.number in page for row in many]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, [True, True, True]),
        ({"text": "ZY-77"}, [False, True, False]),
        ({"text": "赵大"}, [False, True, True]),
        ({"text": "没有这个人"}, [False, False, False]),
        ({"house": "望远"}, [True, False, True]),
        ({"kind": "outpatient"}, [False, False, True]),
        ({"state": "non_compliant"}, [False, True, False]),
        ({"penalised": "on"}, [False, True, False]),
        ({"since": "2025-04-01"}, [False, False, True]),
        ({"until": "2025-03-31"}, [True, True, False]),
        ({"since": "neither", "kind": "none"}, [True, True, True]),
    ],
)
def test_search_finds_by_number_person_house_day_and_state(
    asked: dict[str, str], shown: list[bool], clerk: Client, many: list[Any]
) -> None:
    assert _shown(clerk, many, **asked) == shown


def test_only_what_was_booked_again_is_a_list_of_its_own(
    world: World, clerk: Client, chain: tuple[Settlement, Settlement]
) -> None:
    void(world.clerk, chain[0].id, reason="录错")
    page = plain(clerk.get(reverse("settlement:list"), {"adjusted": "on"}))
    again = Settlement.objects.live().get(bill_id=chain[1].bill_id)
    assert again.number in page
    assert chain[1].number not in page


def test_the_list_goes_into_a_file_without_names(
    clerk: Client, many: list[Any], resident: Person
) -> None:
    answer = clerk.get(reverse("settlement:export"), {"house": "望远"})
    cells = _cells(answer)
    assert many[0].number in cells
    assert many[1].number not in cells
    assert resident.name not in cells
    assert AuditEntry.objects.filter(action="settlement.export").exists()


# --- many at once ------------------------------------------------------------------


def test_one_bill_that_cannot_be_settled_does_not_stop_the_others(
    world: World, clerk: Client, township: House, resident: Person
) -> None:
    good = [posted(township, resident, day=n * 20) for n in range(2)]
    done = settled(township, resident, day=100)
    page = plain(
        clerk.post(
            reverse("settlement:settle_chosen"),
            {"bill": [str(bill.id) for bill in good] + [str(done.bill_id)]},
        )
    )
    assert "2 张已结算，1 张没有结算" in page
    assert "这张单据已经结算" in page
    assert Settlement.objects.count() == 3


def test_choosing_none_is_refused_in_words_and_a_house_settles_nothing(
    world: World, clerk: Client, township: House, resident: Person
) -> None:
    address = reverse("settlement:settle_chosen")
    assert "请先勾选" in plain(clerk.post(address, {}))
    bill = posted(township, resident)
    house = as_actor(world.finance[township.id])
    page = plain(house.post(address, {"bill": str(bill.id)}))
    assert "只有参保地的医保经办人员可以办理" in page
    assert Settlement.objects.count() == 0


# --- paper and file -----------------------------------------------------------------


def test_the_official_form_and_the_file_carry_every_step(
    clerk: Client, chain: tuple[Settlement, Settlement], resident: Person
) -> None:
    row = chain[1]
    paper = plain(clerk.get(reverse("settlement:print", args=[row.id])))
    for told in ("基本医疗保险费用结算单", row.number, "4,275.00", "附：计算过程"):
        assert told in paper, told
    cells = _cells(clerk.get(reverse("settlement:export_one", args=[row.id])))
    assert "5,700.00 × 75% = 4,275.00" in cells
    assert resident.name not in paper + cells
    actions = {"settlement.print", "settlement.export_one"}
    noted = AuditEntry.objects.filter(person_id=resident.id, action__in=actions)
    assert set(noted.values_list("action", flat=True)) == actions


# --- who opens what --------------------------------------------------------------

PAGES = {
    #            clerk other own  else resident officer doctor
    "work":      (200, 200, 200, 200, 403, 403, 403),
    "waiting":   (200, 200, 200, 200, 200, 403, 403),
    "list":      (200, 200, 200, 200, 302, 403, 403),
    "filings":   (200, 200, 200, 200, 200, 403, 403),
    "anomalies": (200, 200, 403, 403, 403, 403, 403),
    "sums":      (200, 200, 200, 200, 403, 200, 403),
    "mine":      (403, 403, 403, 403, 200, 403, 403),
    "bill":      (200, 404, 200, 404, 200, 403, 403),
    "detail":    (200, 404, 200, 404, 200, 403, 403),
    "print":     (200, 404, 200, 404, 200, 403, 403),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_to_those_it_is_for(
    name: str, world: World, township: House, county: House, resident: Person
) -> None:
    row = settled(township, resident)
    known = {"bill": row.bill_id, "detail": row.id, "print": row.id}
    address = reverse(f"settlement:{name}", args=[known[name]] if name in known else [])
    visitors = (
        clerk_of("6401"),
        clerk_of("6404"),
        as_actor(world.finance[township.id]),
        as_actor(world.finance[county.id]),
        as_resident(resident),
        officer_of("64"),
        as_actor(people.staff(township.institution, Role.PHYSICIAN)),
    )
    assert tuple(v.get(address).status_code for v in visitors) == PAGES[name]


def test_pages_ask_as_few_questions_for_a_long_life_as_for_one_bill(
    clerk: Client,
    world: World,
    township: House,
    resident: Person,
    django_assert_max_num_queries: Any,
) -> None:
    row = settled(township, resident)
    for n in range(1, 30):
        visit(township, resident, 10, day=n)
    for n in range(31, 75):
        posted(township, resident, kind="outpatient", days=0, day=n, bill=lines(10))
    addresses = {
        reverse("settlement:waiting"): 9,
        reverse("settlement:list") + "?text=马秀": 15,
        _bill(row): 30,
        reverse("settlement:work"): 22,
        reverse("settlement:sums"): 9,
    }
    for address, most in addresses.items():
        clerk.get(address)
        with django_assert_max_num_queries(most):
            clerk.get(address)
    own = as_resident(resident)
    own.get(reverse("settlement:mine"))
    with django_assert_max_num_queries(20):
        own.get(reverse("settlement:mine"))


def _cells(answer: Any) -> str:
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    return "".join(
        book.read(name).decode() for name in book.namelist() if name.endswith(".xml")
    )
