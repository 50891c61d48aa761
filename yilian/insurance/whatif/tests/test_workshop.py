"""Scenarios made, worked out over the area's own settlements, shown and frozen."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from yilian.care.referral.tests.world import Place as House
from yilian.foundation.access.actor import Actor
from yilian.foundation.identity.models import Account
from yilian.insurance.policy.models import ParameterSetVersion
from yilian.insurance.policy.rules.files import SetWrong
from yilian.insurance.settlement.models import Settlement
from yilian.insurance.settlement.tests.conftest import (
    county,
    resident,
    tertiary,
    township,
    village,
    world,
)
from yilian.insurance.settlement.tests.world import (
    World,
    insured,
    settled,
    visit,
)
from yilian.insurance.whatif import freezing, working
from yilian.insurance.whatif.models import Scenario
from yilian.insurance.whatif.queries import pages
from yilian.insurance.whatif.services import making
from yilian.kernel.errors import Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.population.models import Person
from yilian.registry.population.tests import world as people

__all__ = ["county", "resident", "tertiary", "township", "village", "world"]

pytestmark = pytest.mark.django_db
CHANGE = {"inpatient.ratio.resident.any.tertiary": "0.50"}


@pytest.fixture
def year(world: World, tertiary: House, village: House, resident: Person) -> int:
    """A dozen stays at the top and as many visits in the village, 2025."""
    for n in range(12):
        one = people.person(f"马{n}")
        insured(one)
        settled(tertiary, one, day=n)
        visit(village, one, 25, day=40 + n)
    return 2025


def made(actor: Actor, year: int, **more: Any) -> Scenario:
    told: dict[str, Any] = {
        "key": new_id(),
        "name": "三级医院降到 50%",
        "base_id": ParameterSetVersion.objects.get().id,
        "year": year,
        "changes": CHANGE,
        "elasticity": Decimal(0),
    }
    return making.make(actor, **(told | more))


def done(row: Scenario) -> Scenario:
    working.run(row.id)
    row.refresh_from_db()
    return row


def result(row: Scenario) -> dict[str, Any]:
    assert row.result is not None
    return dict(row.result)


def test_without_a_change_both_sides_are_what_was_settled(
    world: World, year: int
) -> None:
    row = done(made(world.clerk, year, changes={}))
    assert row.state == "done", row.fault
    paid = sum(Settlement.objects.values_list("basic_pay", flat=True), Decimal(0))
    funds = result(row)["funds"]["basic_pay"]
    assert Decimal(funds["today"]) == Decimal(funds["tried"]) == paid > 0
    assert result(row)["services"] == Settlement.objects.count()


def test_a_lower_ratio_moves_money_from_the_fund_to_the_patients(
    world: World, year: int
) -> None:
    row = done(made(world.clerk, year))
    funds = {name: Decimal(x["difference"]) for name, x in result(row)["funds"].items()}
    assert funds["basic_pay"] < 0 < funds["patient_pay"]
    assert funds["total_amount"] == 0
    found = pages.shown(row)
    [losers] = [counts for _label, counts in found.changes]
    assert sum(n or 0 for n in losers[4:]) == 12
    tiers = dict(found.tables)["按层级和类别"]
    assert {line.label for line in tiers} == {"三级 住院", "村级 普通门诊"}


def test_nobody_can_be_told_from_a_result(world: World, tertiary: House) -> None:
    for n in range(3):
        one = people.person(f"马{n}")
        insured(one)
        settled(tertiary, one, day=n)
    row = done(made(world.clerk, 2025))
    assert row.state == "done"
    for name in ("by_person", "by_tier", "by_institution", "persons_by_change"):
        assert result(row)[name] == []


def test_small_rows_join_others_until_no_sum_gives_them_away() -> None:
    def line(label: str, services: int) -> dict[str, Any]:
        money = {"today": "1.00", "tried": "2.00", "difference": "1.00"}
        return {"label": label, "services": services, "patient_pay": money}

    rows = [line("a", 3), line("b", 11), line("c", 500)]
    found = freezing.folded(rows, lambda row: [row["label"]])
    assert [(one["labels"], one["services"]) for one in found] == [
        (["c"], 500), ([freezing.OTHER], 14),
    ]  # fmt: skip
    assert found[-1]["patient_pay"]["today"] == "2.00"


def test_working_it_out_twice_changes_nothing_and_nobody_else_can(
    world: World, year: int
) -> None:
    row = done(made(world.clerk, year))
    before = row.digest
    assert before == making.digest_of(row.result)
    working.run(row.id)
    row.refresh_from_db()
    assert row.digest == before
    with pytest.raises(DatabaseError), transaction.atomic():
        Scenario.objects.update(progress=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Scenario.objects.update(changes={})


def test_what_a_dead_worker_left_is_begun_anew(world: World, year: int) -> None:
    row = made(world.clerk, year)
    assert making.begin(row.id) is not None
    assert done(row).state == "done"


def test_what_cannot_be_tried_is_said(world: World, year: int) -> None:
    with pytest.raises(SetWrong):
        made(world.clerk, year, changes={"inpatient.ratio.resident": "7"})
    with pytest.raises(Invalid) as wrong:
        made(world.clerk, 1999)
    assert "year" in wrong.value.fields
    with pytest.raises(Invalid):
        made(world.clerk, 2019)  # nothing was settled
    with pytest.raises(Invalid):
        made(world.clerk, year, elasticity=Decimal(6))


def test_who_tries_and_who_sees(world: World, township: House, year: int) -> None:
    row = made(world.clerk, year)
    with pytest.raises(NotPermitted):
        made(world.finance[township.id], year)
    with pytest.raises(NotPermitted):
        made(township.doctor, year)
    with pytest.raises(NotFound):
        pages.scenario(world.elsewhere, row.id)
    assert pages.scenario(world.second, row.id) == row


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(
        Account.objects.get(pk=str(actor.account_id)),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def test_the_workshop_from_the_form_to_the_file(
    world: World, township: House, year: int
) -> None:
    client = browser(world.clerk)
    assert "还没有试算过" in client.get("/insurance/scenarios/").content.decode()
    form = {
        "idempotency_key": str(new_id()),
        "name": "试一试",
        "year": str(year),
        "elasticity": "0.5",
        "base": str(ParameterSetVersion.objects.get().id),
        "inpatient.ratio.resident.any.tertiary": "50%",
    }
    wrong = form | {"inpatient.ratio.resident.any.tertiary": "150%"}
    assert client.post("/insurance/scenarios/new", wrong).status_code == 422
    sent = client.post("/insurance/scenarios/new", form)
    assert sent.status_code == 302, sent.content.decode()[-3000:]
    again = client.post("/insurance/scenarios/new", form)
    assert again["Location"] == sent["Location"]
    row = Scenario.objects.get()
    assert set(row.changes) == {"inpatient.ratio.resident.any.tertiary"}
    assert "正在试算" in client.get(sent["Location"]).content.decode()
    assert client.get(f"{sent['Location']}/export").status_code == 409
    done(row)
    shown = client.get(sent["Location"]).content.decode()
    assert "多付与少付的人数" in shown
    file = client.get(f"{sent['Location']}/export")
    assert file.status_code == 200
    assert file.content[:2] == b"PK"
    other = done(made(_as_seen(row), year, changes={}))
    beside = client.get(f"{sent['Location']}?with={other.id}").content.decode()
    assert other.name in beside
    assert browser(township.doctor).get("/insurance/scenarios/").status_code == 403


def _as_seen(row: Scenario) -> Actor:
    """Somebody of the same area."""
    from yilian.foundation.access.actor import Reach, Role

    return Actor(
        UUID(str(row.made_by_id)), Reach.AREA, frozenset({Role.INSURER}),
        area_code=row.area_code,
    )  # fmt: skip
