"""Each figure of a pool opens to exactly the settlements it was made of."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from typing import Any, NamedTuple

import pytest
from django.test import Client
from django.urls import reverse

from yilian.care.referral.tests.browsing import as_actor
from yilian.foundation.access.actor import Role
from yilian.insurance.budget import services
from yilian.insurance.budget.models import Pool
from yilian.insurance.budget.tests import world as budgets
from yilian.insurance.settlement.models import Settlement
from yilian.insurance.settlement.services import void
from yilian.insurance.settlement.services.summing import sum_up
from yilian.insurance.settlement.tests import world as region
from yilian.insurance.settlement.tests.past import days_ago, on
from yilian.insurance.settlement.tests.world import World, settled, visit
from yilian.kernel.ids import new_id
from yilian.registry.consortium.models import Consortium
from yilian.registry.consortium.rules import Form, MemberRole
from yilian.registry.consortium.tests.cast import make_consortium, make_member
from yilian.registry.directory.tests.cast import actor_at, make_authority
from yilian.registry.population.tests import world as people

YEAR = days_ago(6).year
OPENS = re.compile(r'<a class="opens" href="([^"]+)">([^<]+)</a>')
A_DAY = timedelta(days=1)
FIRST = days_ago(6)
NUMBER = re.compile(r'">([A-Z0-9-]{8,})</a>')
AMOUNT = re.compile(r"[-−]?[\d,]+\.\d\d")
FOUND = re.compile(r"<dt>统筹基金</dt><dd>([-−]?[\d,.]+)</dd>")


class Opened(NamedTuple):
    words: str
    figure: Decimal
    of_bills: Decimal  # as the list's head has it
    of_rows: Decimal  # row by row


@pytest.fixture
def world(db: None, settings: Any) -> World:
    settings.YILIAN_DAILY_USE = "yilian.insurance.settlement.queries.use.daily_use"
    return region.make_world()


@pytest.fixture
def pool(world: World) -> Pool:
    """The county and the village belong to it, the township and the city do not."""
    made = services.open_pool(
        world.clerk, key=new_id(), consortium_id=_body(world).pk,
        area_code=region.AREA, year=YEAR, terms=budgets.terms(1000),
    )  # fmt: skip
    services.release_revision(world.second, made.revisions.get().pk)
    return made


def _body(world: World) -> Consortium:
    body = make_consortium(form=Form.HOSPITAL_GROUP)
    make_member(body, world.care.county.institution, MemberRole.LEAD)
    make_member(body, world.care.village.institution)
    return body


@pytest.fixture
def used(world: World, pool: Pool) -> Pool:
    """Inside, outside and beyond the region; stays, visits, one taken back; people of
    another place of insurance in the same houses; booked on four days."""
    care, resident = world.care, world.resident
    with on(FIRST):
        settled(care.county, resident, day=0)
        visit(care.village, resident, 40, day=10)
        gone = settled(care.county, resident, day=60)
    with on(FIRST + A_DAY):
        visit(care.township, resident, 90, day=12)
        settled(care.tertiary, resident, day=20)
        other = people.person("海小军")
        region.insured(other, area_code="640122")
        settled(care.county, other, day=0)
    with on(FIRST + 2 * A_DAY):
        void(world.clerk, gone.id, reason="录错")
        settled(None, resident, day=40)
        visit(care.county, resident, 120, day=30)
    visit(care.county, resident, 77, day=90)  # today, in no sum yet
    sum_up()
    services.roll_up(world.clerk, pool.pk, date(YEAR, 1, 1), date(YEAR + 1, 1, 1))
    return pool


def _opened(client: Client, address: str) -> list[Opened]:
    page = client.get(address).content.decode()
    found = []
    for href, words in OPENS.findall(page):
        amount = AMOUNT.search(words)
        assert amount is not None, words
        there = client.get(unescape(href))
        assert there.status_code == 200
        [said] = FOUND.findall(there.content.decode())
        found.append(
            Opened(words, _yuan(amount[0]), _yuan(said), _of_rows(client, href))
        )
    return found


def _of_rows(client: Client, href: str) -> Decimal:
    """The basic fund's part of each settlement that the list shows."""
    page = client.get(unescape(href)).content.decode()
    rows = Settlement.objects.filter(number__in=set(NUMBER.findall(page)))
    return sum((row.basic_pay for row in rows), Decimal("0.00"))


def _yuan(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("−", "-"))


def test_every_figure_of_a_pool_adds_up_to_the_bills_it_opens(
    world: World, used: Pool
) -> None:
    client = as_actor(world.clerk)
    found = _opened(client, reverse("budget:pool", args=[used.pk]))
    assert len(found) >= 10
    for one in found:
        assert one.figure == one.of_bills == one.of_rows, one
    assert len({one.figure for one in found}) >= 6


@pytest.mark.parametrize("house", ["county", "village", "tertiary", "township", None])
def test_every_day_of_a_house_adds_up_to_the_bills_it_opens(
    world: World, used: Pool, house: str | None
) -> None:
    client = as_actor(world.clerk)
    if house is None:
        address = reverse("budget:outside", args=[used.pk])
    else:
        place = getattr(world.care, house)
        address = reverse("budget:house", args=[used.pk, place.id])
    found = _opened(client, address)
    assert found
    for one in found:
        assert one.figure == one.of_bills == one.of_rows, one


def test_a_member_opens_its_own_figures_only(world: World, used: Pool) -> None:
    office = as_actor(world.finance[world.care.county.id])
    found = _opened(office, reverse("budget:pool", args=[used.pk]))
    assert found
    for one in found:
        assert one.figure == one.of_bills == one.of_rows, one


def test_the_list_says_what_a_link_has_chosen_and_a_search_stays_within(
    world: World, used: Pool
) -> None:
    client = as_actor(world.clerk)
    asked = {"pool": str(used.pk), "side": "inside", "at": str(world.care.county.id)}
    page = client.get(reverse("settlement:list"), asked).content.decode()
    assert "内部机构" in page
    for name, value in asked.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in page


def test_a_pool_out_of_sight_opens_nothing(world: World, used: Pool) -> None:
    address = reverse("settlement:list")
    bureau = make_authority("固原市医保局", "640400")
    stranger = as_actor(actor_at(bureau, Role.INSURER))
    assert stranger.get(address, {"pool": str(used.pk)}).status_code == 404
    assert stranger.get(address, {"pool": str(new_id())}).status_code == 404
