"""No page of a budget reads more because there are years of budgets.

What it reads of its own year grows with the year's days and houses; everything here
that grows belongs to other years or to other houses. The commission's ledger of
subsidies is not asked: it has one row a house and year, and sums them all.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pytest
from django.urls import reverse

from yilian.care.referral.models import Episode, Referral
from yilian.foundation.tests.plans import (
    Plan,
    analyse,
    copies,
    rows_read,
    stay_bounded,
)
from yilian.insurance.budget import services
from yilian.insurance.budget.models import (
    Clearing,
    IncomeEntry,
    PointsEntry,
    Pool,
    Refusal,
    SubsidyEntry,
    UseDay,
)
from yilian.insurance.budget.rules.states import Finding, PointKind, UseKind
from yilian.insurance.budget.tests import world as region
from yilian.insurance.budget.tests.test_clearing import confirmed, distribute
from yilian.insurance.budget.tests.test_pages import browser
from yilian.insurance.budget.tests.world import World
from yilian.kernel.ids import new_id
from yilian.registry.directory.models import PractitionerRole
from yilian.registry.population.tests import world as people
from yilian.resources.reception.models import Encounter

N: Final = 700
MOST: Final = 500  # rows that one statement may read
MONTH: Final = date(region.YEAR, 3, 1)
SPRING: Final = datetime(region.YEAR, 3, 3, 2, tzinfo=UTC)
LONG_AGO: Final = range(2018, 2022)  # years of which nothing is compared any more
OPEN: Final = 37  # pages that the four who read budgets may open
GROWING: Final = (
    UseDay, Refusal, SubsidyEntry, IncomeEntry, PointsEntry, Referral, Encounter,
)  # fmt: skip
Pages = Mapping[str, Callable[[], Any]]


@pytest.fixture
def world(transactional_db: None) -> World:
    """Committed, so that the server can count it."""
    return region.make_world()


def test_pages_read_no_more_when_four_times_as_much_was_used(world: World) -> None:
    made = _cleared(world)
    like = _first_of_each(world, made.pool)
    elsewhere = [region.opened(world, year) for year in LONG_AGO]
    _lengthen(world, like, elsewhere, range(1, N))
    pages = _pages(world, made)
    assert len(pages) == OPEN
    before = _measured(pages)
    _lengthen(world, like, elsewhere, range(N, 4 * N))
    after = _measured(pages)
    found = [
        f"{name} {words}"
        for name in pages
        for words in stay_bounded(before[name], after[name], most=MOST)
    ]
    assert not found, "\n".join(found)


def _cleared(world: World) -> Clearing:
    """A year with some days in some houses, cleared, shared and looked at again."""
    pool = region.opened(world)
    houses = (world.county, world.township, world.tertiary, None)
    for n, house in enumerate(houses):
        for day in range(0, 360, 12):
            on = date(region.YEAR, 1, 1) + timedelta(days=day)
            region.settled(
                region.Line(on, house.pk if house else None, Decimal(1000 + n))
            )
    Refusal.objects.create(
        pool=pool, institution=world.county, finding=Finding.REFUSED.value,
        found_on=MONTH, amount=Decimal(1), reason="超标准", evidence="一号",
        by_id=world.clerk.account_id, at=SPRING,
    )  # fmt: skip
    region.scored(world, pool)
    made = confirmed(world, services.clear_year(world.clerk, pool.pk, key=new_id()))
    distribute(world, made)
    corrections = services.Corrections(
        reason="复核", evidence="一号", score=Decimal(85)
    )
    services.supplement(world.clerk, made.pk, key=new_id(), corrections=corrections)
    return made


def _first_of_each(world: World, pool: Pool) -> dict[type[Any], Any]:
    """One row of each kind, of which years of others are made."""
    resident = people.person()
    post = PractitionerRole.objects.get(account=world.finance.account_id)
    episode = Episode.objects.create(
        person=resident, specialty="cardiology", opened_at=SPRING, closed_at=SPRING
    )
    moments = dict.fromkeys(
        ("created_at", "submitted_at", "answered_at", "arrived_at", "closed_at",
         "consented_at"), SPRING,
    )  # fmt: skip
    use = UseDay.objects.filter(pool=pool, institution=world.county).first()
    subsidy = services.grant_subsidy(
        world.regional_officer, key=new_id(), institution_id=world.county.pk,
        year=region.YEAR, base=Decimal(100), score=Decimal(90), assessment="考核",
        evidence="一号",
    )  # fmt: skip
    by = world.finance.account_id
    return {
        UseDay: use,
        SubsidyEntry: subsidy,
        Refusal: Refusal.objects.get(pool=pool),
        IncomeEntry: IncomeEntry.objects.create(
            institution=world.county, month=MONTH, income=Decimal(100),
            cost=Decimal(50), funds=Decimal(5), fund_rate=Decimal("0.1"),
            staff_rate=Decimal("0.5"), distributable=Decimal(20), evidence="一号",
            by_id=by, at=SPRING,
        ),
        PointsEntry: PointsEntry.objects.create(
            institution=world.county, practitioner_id=post.practitioner_id,
            month=MONTH, kind=PointKind.DUTY.value, points=Decimal(10), ground="值班",
            by_id=by, at=SPRING,
        ),
        Referral: Referral.objects.create(
            number="Z1", episode=episode, person=resident, state="completed",
            direction="down", urgency="routine", from_institution=world.county,
            to_institution=world.township, specialty="cardiology",
            diagnosis_code="I10.x00", diagnosis_name="高血压病", reason="稳定",
            consent_by="self", **moments,
        ),
        Encounter: Encounter.objects.create(
            person=resident, institution=world.county, kind=UseKind.INPATIENT.value,
            state="finished", started_at=SPRING, ended_at=SPRING + timedelta(days=5),
        ),
    }  # fmt: skip


def _lengthen(
    world: World, like: Mapping[type[Any], Any], pools: list[Pool], numbers: range
) -> None:
    """Of years long gone in the same houses; ledgers of other houses as well."""
    pool = "(ARRAY[" + ",".join(f"'{one.pk}'::uuid" for one in pools) + "])[1 + g %% 4]"
    stranger = f"'{world.stranger.pk}'::uuid"
    day = "(date '2018-01-01' + g %% 1400)"
    at = f"({day} + time '02:00')::timestamptz"
    somebody = f"'{people.person('赵大山').pk}'::uuid"
    said: dict[type[Any], dict[str, str]] = {
        UseDay: {"pool_id": pool, "day": "date '2018-01-01' + g"},
        Refusal: {"pool_id": pool, "at": at},
        SubsidyEntry: {"institution_id": stranger, "channel": "'c' || g", "at": at},
        IncomeEntry: {
            "institution_id": stranger,
            "month": "(date '1800-01-01' + g * interval '1 month')::date",
        },
        PointsEntry: {
            "month": "(date '2024-01-01' - g %% 60 * interval '1 month')::date"
        },
        Referral: {
            "number": "'R' || g",
            "person_id": somebody,
            **dict.fromkeys(
                ("created_at", "submitted_at", "answered_at", "arrived_at",
                 "closed_at"), at,
            ),
        },
        Encounter: {
            "person_id": somebody,
            "started_at": at,
            "ended_at": f"{at} + interval '5 days'",
        },
    }  # fmt: skip
    for model, told in said.items():
        identity = f"md5('{model._meta.db_table}' || g)::uuid"
        copies(model, like[model].pk, numbers, id=identity, **told)


def _pages(world: World, made: Clearing) -> Pages:
    pool, county = made.pool_id, world.county.pk
    pages: dict[str, Callable[[], Any]] = {}
    for who in ("clerk", "office", "finance", "officer"):
        client = browser(getattr(world, who))
        asked: dict[str, tuple[object, ...]] = {
            "list": (), "pool": (pool,), "clearing": (made.pk,), "paper": (made.pk,),
            "export": (made.pk,), "export_pool": (pool,), "house": (pool, county),
            "outside": (pool,), "simulate": (pool,), "supplement": (made.pk,),
            "subsidies": (), "points": (), "export_points": (),
        }  # fmt: skip
        for name, args in asked.items():
            address = reverse(f"budget:{name}", args=args)
            if (who, name) == ("officer", "subsidies"):
                continue
            if client.get(address).status_code == 200:
                pages[f"{who} {name}"] = partial(client.get, address)
    return pages


def _measured(pages: Pages) -> dict[str, list[Plan]]:
    analyse(*(model._meta.db_table for model in GROWING))
    return {name: rows_read(ask) for name, ask in pages.items()}
