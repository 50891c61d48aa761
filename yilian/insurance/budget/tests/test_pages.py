"""The pages: what each role is shown, forms that come back, files that open."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import is_zipfile

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from yilian.foundation.access.actor import Actor
from yilian.foundation.identity.models import Account
from yilian.insurance.budget import services
from yilian.insurance.budget.models import Clearing, Pool, Refusal, SubsidyEntry
from yilian.insurance.budget.queries.lines import pool_lines
from yilian.insurance.budget.tests import world as region
from yilian.insurance.budget.tests.world import World
from yilian.kernel.ids import new_id
from yilian.registry.consortium.tests.cast import make_consortium

ROOT = "/insurance/budget/"


def browser(actor: Actor) -> Client:
    client = Client()
    account = Account.objects.get(pk=actor.account_id or "")
    client.force_login(account, "django.contrib.auth.backends.ModelBackend")
    return client


def words(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def used(world: World, pool: Pool) -> Pool:
    day = date(region.YEAR, 6, 1)
    region.used(pool, world.county, 1000, day, inside=True)
    region.used(pool, world.township, 200, day, inside=True)
    region.used(pool, world.tertiary, 800, day)
    region.used(pool, None, 50, day)
    return pool


@pytest.fixture
def cleared(world: World, used: Pool) -> Clearing:
    region.settled(region.Line(date(region.YEAR, 6, 1), world.county.pk, Decimal(1000)))
    region.scored(world, used)
    return services.clear_year(world.clerk, used.pk, key=new_id())


@pytest.mark.parametrize(
    "who", ["clerk", "supervisor", "office", "finance", "officer", "regional_officer"]
)
def test_pool_and_list_open_for(world: World, used: Pool, who: str) -> None:
    client = browser(getattr(world, who))
    listed = client.get(ROOT)
    assert listed.status_code == 200
    assert "233,700,000.00" in words(listed)
    assert client.get(f"{ROOT}{used.pk}").status_code == 200


def test_a_doctor_is_told_who_may(world: World, used: Pool) -> None:
    client = browser(world.doctor)
    assert client.get(ROOT).status_code == 403
    assert client.get(f"{ROOT}{used.pk}").status_code == 404


def test_every_figure_opens_to_its_days(world: World, used: Pool) -> None:
    client = browser(world.clerk)
    page = words(client.get(f"{ROOT}{used.pk}"))
    href = f"{ROOT}{used.pk}/houses/{world.county.pk}"
    assert href in page
    days = words(client.get(href))
    assert "1,000.00" in days
    assert f"at={world.county.pk}" in days
    assert "50.00" in words(client.get(f"{ROOT}{used.pk}/outside"))


def test_a_member_sees_no_other_house(world: World, used: Pool) -> None:
    page = words(browser(world.finance).get(f"{ROOT}{used.pk}"))
    assert "永宁县人民医院" in page
    assert "闽宁镇中心卫生院" not in page


def test_a_list_asks_as_often_for_many_as_for_one(
    world: World, used: Pool, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(8):
        pool_lines(world.clerk, region.YEAR)
    services.open_pool(
        world.clerk, key=new_id(), consortium_id=other_body(), area_code="640122",
        year=region.YEAR, terms=region.terms(),
    )  # fmt: skip
    with django_assert_num_queries(8):
        assert len(pool_lines(world.clerk, region.YEAR)) == 2


def other_body() -> Any:
    body = make_consortium(alias="贺兰县医共体")
    type(body).objects.filter(pk=body.pk).update(area_code="640122")
    return body.pk


def test_a_refusal_is_entered_by_its_form(world: World, used: Pool) -> None:
    client = browser(world.clerk)
    href = f"{ROOT}{used.pk}/refuse"
    assert client.get(href).status_code == 200
    typed = {
        "idempotency_key": str(new_id()),
        "institution_id": str(world.county.pk),
        "finding": "refused",
        "found_on": "2025-09-01",
        "amount": "1,000.00",
        "reason": "分解住院",
        "evidence": "稽核〔2025〕9号",
    }
    wrong = client.post(href, typed | {"amount": "1,000.001"})
    assert wrong.status_code == 422
    assert "最多两位小数" in words(wrong)
    too_much = client.post(href, typed | {"amount": "1000.01"})
    assert too_much.status_code == 422
    assert "分解住院" in words(too_much)  # nothing typed is lost
    assert client.post(href, typed).status_code == 302
    assert client.post(href, typed).status_code == 302
    assert Refusal.objects.get().amount == Decimal(1000)


def test_a_pool_is_proposed_and_released_on_pages(world: World) -> None:
    typed = {
        "idempotency_key": str(new_id()),
        "consortium_id": str(world.consortium.pk),
        "area_code": region.AREA,
        "year": "2026",
        "heads": "1000",
        "per_capita": "950",
        "county": "5",
        "township": "4",
        "village": "1",
        "keep": "0:0, 60:0.5, 90:1",
        "reason": "年度核定",
        "source": "银医保发〔2025〕3号",
    }
    assert browser(world.clerk).post(f"{ROOT}open", typed).status_code == 302
    pool = Pool.objects.get()
    revision = pool.revisions.get()
    assert revision.rules["shares"]["value"] == {
        "county": 5, "township": 4, "village": 1,
    }  # fmt: skip
    assert "待另一位医保经办复核" in words(
        browser(world.supervisor).get(f"{ROOT}{pool.pk}")
    )
    release = f"{ROOT}revisions/{revision.pk}/release"
    assert browser(world.clerk).post(release).status_code == 403
    assert browser(world.supervisor).post(release).status_code == 302


def test_the_clearing_shows_its_working_and_its_paper(
    world: World, cleared: Clearing
) -> None:
    client = browser(world.office)
    page = words(client.get(f"{ROOT}clearings/{cleared.pk}"))
    for said in (cleared.number, "RI-9", "budget.keep", cleared.digest):
        assert said in page
    assert "不一致" not in page
    paper = words(client.get(f"{ROOT}clearings/{cleared.pk}/paper"))
    assert "医保基金总额付费" in paper
    assert "233,700,000.00" in paper


def test_confirmed_on_pages_then_shared(world: World, cleared: Clearing) -> None:
    at = f"{ROOT}clearings/{cleared.pk}"
    assert browser(world.supervisor).post(f"{at}/confirm").status_code == 302
    office = browser(world.office)
    assert office.post(f"{at}/confirm", {"note": "同意"}).status_code == 302
    typed = {
        "idempotency_key": str(new_id()),
        "rule": "6:3:1",
        f"performance-{world.township.pk}": "1.2",
    }
    bad = office.post(f"{at}/distribute", typed | {f"weight-{world.county.pk}": "x"})
    assert bad.status_code == 422
    assert office.post(f"{at}/distribute", typed).status_code == 302
    page = words(office.get(at))
    assert "闽宁镇中心卫生院" in page
    own = words(browser(world.finance).get(at))
    assert "永宁县人民医院" in own
    assert "闽宁镇中心卫生院" not in own


@pytest.mark.parametrize("what", ["pool", "clearing"])
def test_workbooks_open(world: World, cleared: Clearing, what: str) -> None:
    client = browser(world.clerk)
    at = f"clearings/{cleared.pk}" if what == "clearing" else str(cleared.pool_id)
    answer = client.get(f"{ROOT}{at}/export")
    assert answer.status_code == 200
    assert is_zipfile(BytesIO(answer.content))


def test_a_wish_is_tried_and_a_senseless_one_comes_back(
    world: World, used: Pool
) -> None:
    client = browser(world.office)
    at = f"{ROOT}{used.pk}/simulate"
    assert client.get(at).status_code == 200
    asked = {
        "outflow_points": "5", "compliance_points": "3", "inside_price": "0.7",
        "stays_inside": "0.4",
    }  # fmt: skip
    found = client.get(at, asked)
    assert found.status_code == 200
    assert "NX-3.2-d" in words(found)
    assert client.get(at, asked | {"outflow_points": "99"}).status_code == 422


def test_subsidies_and_points_are_kept_on_pages(world: World) -> None:
    officer = browser(world.officer)
    typed = {
        "idempotency_key": str(new_id()),
        "institution_id": str(world.county.pk),
        "year": "2025",
        "base": "100000",
        "score": "85",
        "assessment": "年度考核",
        "evidence": "财社〔2026〕12号",
    }
    assert officer.post(f"{ROOT}subsidies", typed).status_code == 302
    assert SubsidyEntry.objects.get().amount == Decimal("98500.00")
    again = officer.post(f"{ROOT}subsidies", typed | {"idempotency_key": new_id()})
    assert again.status_code == 422
    assert "98,500.00" in words(browser(world.finance).get(f"{ROOT}subsidies"))
    finance = browser(world.finance)
    income = {
        "idempotency_key": str(new_id()), "month": "2026-05", "income": "10000",
        "cost": "6000", "evidence": "报表",
    }  # fmt: skip
    assert finance.post(f"{ROOT}points/income", income).status_code == 302
    page = words(finance.get(f"{ROOT}points?month=2026-05"))
    assert "1,960.00" in page
    assert browser(world.office).get(f"{ROOT}points").status_code == 403


def test_spoilt_addresses_are_no_errors(world: World, used: Pool) -> None:
    client = browser(world.clerk)
    for path in ("?year=abc", "?year=٢٠٢٥", f"{used.pk}/outside?cursor=x"):
        assert client.get(f"{ROOT}{path}").status_code == 200
    assert client.get(f"{ROOT}clearings/{new_id()}").status_code == 404
    assert client.get(f"{ROOT}subsidies?year=%00&cursor=zz").status_code in {200, 403}
