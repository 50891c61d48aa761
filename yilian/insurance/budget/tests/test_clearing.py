"""A year through the services: examples 15 and 16 of RI-8, and what is refused."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from yilian.foundation.access.actor import Actor
from yilian.insurance.budget import handlers, services
from yilian.insurance.budget.models import (
    Advance,
    CarryOver,
    Clearing,
    Pool,
    Refusal,
    Score,
    Share,
    UseDay,
)
from yilian.insurance.budget.rules.states import Finding
from yilian.insurance.budget.services.clearing import digest_of
from yilian.insurance.budget.services.keeping import YearFrozen
from yilian.insurance.budget.tests import world as region
from yilian.insurance.budget.tests.world import World
from yilian.insurance.settlement.events import BillSettled
from yilian.kernel.errors import Conflict, Invalid, NotPermitted
from yilian.kernel.ids import new_id

M = 1_000_000
ONE = Decimal(1)


def spend(world: World, inside: int, outside: int) -> None:
    """Settled in the middle of the year."""
    day = date(region.YEAR, 6, 1)
    region.settled(
        region.Line(day, world.county.pk, Decimal(inside)),
        region.Line(day, world.tertiary.pk, Decimal(outside - 1000)),
        region.Line(day, None, Decimal(1000)),
    )


def refuse(world: World, pool: Pool, finding: Finding, yuan: int) -> Refusal:
    return services.refuse_amount(
        world.clerk,
        pool.pk,
        key=new_id(),
        institution_id=world.county.pk,
        finding=finding,
        found_on=date(region.YEAR, 9, 1),
        amount=Decimal(yuan),
        reason="抽查病历不符合住院指征",
        evidence="稽核〔2025〕9号",
    )


def clear(world: World, pool: Pool) -> Clearing:
    return services.clear_year(world.clerk, pool.pk, key=new_id())


def confirmed(world: World, made: Clearing) -> Clearing:
    services.confirm(world.supervisor, made.pk)
    services.confirm(world.office, made.pk)
    return made


def roll_up(world: World, pool: Pool) -> int:
    year = region.YEAR
    return services.roll_up(
        world.clerk, pool.pk, date(year, 1, 1), date(year + 1, 1, 1)
    )


def distribute(world: World, made: Clearing, **given: Any) -> list[Share]:
    return services.distribute(
        world.office,
        made.pk,
        key=new_id(),
        rule="6:3:1，同级按考核",
        weights=given.get("weights", {}),
        performances=given.get("performances", {}),
    )


def test_15_a_surplus_is_kept_and_shared(world: World, pool: Pool) -> None:
    revision = pool.revisions.get()
    assert revision.pool_amount == 270 * M
    assert revision.premium_amount == 24 * M
    assert revision.reserve_amount == Decimal(12_300_000)
    assert revision.available == Decimal(233_700_000)
    assert revision.monthly_advance == Decimal(17_527_500)
    spend(world, 150 * M, 62 * M)
    roll_up(world, pool)
    refuse(world, pool, Finding.REFUSED, M)
    region.scored(world, pool, "92")

    made = confirmed(world, clear(world, pool))

    assert [made.inside, made.outside, made.refused] == [150 * M, 62 * M, M]
    assert [made.actual, made.balance] == [211 * M, 22_700_000]
    assert made.retained == 22_700_000
    shares = {one.institution_id: one.amount for one in distribute(world, made)}
    assert shares == {
        world.county.pk: Decimal(13_620_000),
        world.township.pk: Decimal(6_810_000),
        world.village.pk: Decimal(2_270_000),
    }


def test_16_an_overspend_is_borne_band_by_band(world: World, pool: Pool) -> None:
    spend(world, 190 * M, 62 * M)
    roll_up(world, pool)
    refuse(world, pool, Finding.AVOIDABLE_OUTFLOW, 1_500_000)
    region.scored(world, pool)

    made = confirmed(world, clear(world, pool))

    assert made.balance == Decimal(-18_300_000)
    assert made.fund_share == Decimal(7_377_000)
    assert made.consortium_share == Decimal(10_923_000)
    shares = distribute(world, made)
    assert sum(one.amount for one in shares) == Decimal(-10_923_000)
    assert all(one.amount < 0 for one in shares)


def test_who_did_well_gets_more_within_a_level(world: World, pool: Pool) -> None:
    spend(world, 150 * M, 62 * M)
    region.scored(world, pool)
    made = confirmed(world, clear(world, pool))
    county = world.county.pk
    shares = distribute(world, made, performances={county: Decimal("0.5")})
    # Alone in its level: the level's part is its own, whatever its performance.
    assert {s.amount for s in shares if s.institution_id == county} == {
        Decimal("13020000.00")
    }
    assert sum(one.amount for one in shares) == made.retained


def test_the_working_names_its_clause_and_parameters(world: World, pool: Pool) -> None:
    spend(world, 150 * M, 62 * M)
    region.scored(world, pool)
    made = clear(world, pool)
    steps = made.working["steps"]
    assert [step["code"] for step in steps] == [
        "pool", "available", "monthly_advance", "used", "balance", "retained", "due",
    ]  # fmt: skip
    assert {step["clause"] for step in steps} == {"RI-9"}
    used = [one["id"] for step in steps for one in step["references"]]
    assert "budget.keep" in used
    made.refresh_from_db()
    assert made.digest == digest_of(made)
    made.score = Decimal(92)  # as somebody writes it who has not read it back
    assert made.digest == digest_of(made)
    made.retained += 1
    assert made.digest != digest_of(made)


def test_a_year_is_cleared_after_its_end_only(world: World) -> None:
    pool = region.opened(world, year=date.today().year)  # noqa: DTZ011
    region.scored(world, pool)
    with pytest.raises(Conflict, match="还没有结束"):
        clear(world, pool)
    assert services.pre_settle(world.clerk, pool.pk, key=new_id()).kind == "pre"


def test_without_a_score_nothing_is_cleared(world: World, pool: Pool) -> None:
    with pytest.raises(Conflict, match="得分"):
        clear(world, pool)


def test_whoever_counted_does_not_confirm(world: World, pool: Pool) -> None:
    region.scored(world, pool)
    made = clear(world, pool)
    with pytest.raises(NotPermitted):
        services.confirm(world.clerk, made.pk)
    services.confirm(world.supervisor, made.pk)
    with pytest.raises(Conflict, match="已经确认"):
        services.confirm(world.supervisor, made.pk)
    with pytest.raises(Conflict, match="双方确认"):
        distribute(world, made)


def test_the_database_knows_the_other_eyes_too(world: World, pool: Pool) -> None:
    region.scored(world, pool)
    made = clear(world, pool)
    with pytest.raises(IntegrityError, match="budget_confirmed_by_another"):
        made.acts.create(act="insurer", by_id=made.made_by_id or "", at=made.made_at)


def test_a_returned_clearing_is_counted_anew(world: World, pool: Pool) -> None:
    spend(world, 150 * M, 62 * M)
    region.scored(world, pool, "85")
    first = clear(world, pool)
    services.return_clearing(world.office, first.pk, reason="考核得分有误")
    region.scored(world, pool, "92")
    second = clear(world, pool)
    assert second.number.endswith("-02")
    assert second.replaces is not None
    assert second.replaces.clearing_id == first.pk
    with pytest.raises(Conflict, match="已退回"):
        services.confirm(world.supervisor, first.pk)
    confirmed(world, second)
    with pytest.raises(Conflict, match="不能退回"):
        services.return_clearing(world.office, second.pk, reason="想再看看")


Write = Callable[[World, Pool], object]
FROZEN: list[tuple[str, Write]] = [
    ("advance", lambda w, p: services.pay_advance(
        w.clerk, p.pk, key=new_id(), month=3, amount=Decimal(1),
        paid_on=date(2025, 3, 5), evidence="凭证")),
    ("refusal", lambda w, p: refuse(w, p, Finding.SIPHON, 1)),
    ("score", lambda w, p: region.scored(w, p)),
    ("revision", lambda w, p: services.revise_pool(
        w.clerk, p.pk, key=new_id(), starts_on=date(2025, 7, 1), terms=region.terms())),
    ("clearing", lambda w, p: clear(w, p)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "write"), FROZEN, ids=[name for name, _ in FROZEN])
def test_a_cleared_year_is_frozen_in_words(
    world: World, pool: Pool, what: str, write: Write
) -> None:
    region.scored(world, pool)
    clear(world, pool)
    with pytest.raises(YearFrozen, match="冻结"):
        write(world, pool)


def test_a_cleared_year_is_frozen_in_the_database(world: World, pool: Pool) -> None:
    day = region.used(pool, world.county, 10, inside=True)
    region.scored(world, pool)
    clear(world, pool)
    region_rows: list[Callable[[], object]] = [
        lambda: region.used(pool, world.county, 5, inside=True),
        lambda: Score.objects.create(
            pool=pool, value=1, source="x", guards=[], at=day.pool.opened_at
        ),
        lambda: Advance.objects.create(
            pool=pool, revision=pool.revisions.get(), month=1, amount=ONE, due=ONE,
            paid_on=date(2025, 1, 5), evidence="x", at=day.pool.opened_at,
        ),
    ]  # fmt: skip
    for write in region_rows:
        with (
            pytest.raises(IntegrityError, match="budget_year_is_frozen"),
            transaction.atomic(),
        ):
            write()


def test_frozen_days_are_neither_changed_nor_deleted(world: World, pool: Pool) -> None:
    spend(world, 150 * M, 62 * M)
    region.scored(world, pool)
    clear(world, pool)
    for statement in (
        "UPDATE budget_useday SET cases = 9",
        "DELETE FROM budget_useday",
    ):
        with (
            pytest.raises(IntegrityError, match="budget_year_is_frozen"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert UseDay.objects.filter(pool=pool).count() == 3


def test_what_comes_late_counts_in_the_next_year(world: World, pool: Pool) -> None:
    spend(world, 150 * M, 62 * M)
    region.scored(world, pool)
    made = clear(world, pool)
    region.settled(
        region.Line(date(region.YEAR, 6, 1), world.county.pk, Decimal("-500.00"))
    )
    assert roll_up(world, pool) == 0  # no year to carry it to yet
    following = region.opened(world, year=region.YEAR + 1)
    assert roll_up(world, pool) == 1
    assert roll_up(world, pool) == 0
    carried = CarryOver.objects.get()
    assert (carried.to_pool_id, carried.amount) == (following.pk, Decimal(-500))
    assert carried.clearing_id == made.pk
    region.used(following, world.county, 1000, date(2026, 1, 5), inside=True)
    region.scored(world, following)
    pre = services.pre_settle(world.clerk, following.pk, key=new_id())
    assert pre.carried == Decimal(-500)


def test_members_shares_must_add_up_in_the_database(world: World, pool: Pool) -> None:
    spend(world, 150 * M, 62 * M)
    region.scored(world, pool)
    made = confirmed(world, clear(world, pool))
    Share.objects.create(
        clearing=made, institution=world.county, level="county", level_amount=ONE,
        weight=ONE, performance=ONE, amount=ONE, rule="x", made_at=made.made_at,
    )  # fmt: skip
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="budget_shares_add_up"),
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_more_than_was_paid_cannot_be_refused(world: World, pool: Pool) -> None:
    region.used(pool, world.county, 1000, inside=True)
    with pytest.raises(Invalid):
        refuse(world, pool, Finding.REFUSED, 1001)
    found = refuse(world, pool, Finding.REFUSED, 1000)
    services.take_back_refusal(
        world.supervisor, found.pk, key=new_id(), reason="复核：符合指征"
    )
    with pytest.raises(Conflict, match="已经冲销"):
        services.take_back_refusal(
            world.clerk, found.pk, key=new_id(), reason="再冲一次"
        )


def pay(actor: Actor, pool: Pool, month: int, yuan: str = "17527500.00") -> Advance:
    return services.pay_advance(
        actor, pool.pk, key=new_id(), month=month, amount=Decimal(yuan),
        paid_on=date(region.YEAR, month, 5), evidence=f"凭证 {month}",
    )  # fmt: skip


def test_a_month_is_paid_once_and_anew_after_a_red_entry(
    world: World, pool: Pool
) -> None:
    first = pay(world.clerk, pool, 1)
    with pytest.raises(Conflict, match="不能重复"):
        pay(world.clerk, pool, 1)
    services.take_back_advance(
        world.clerk, first.pk, key=new_id(), reason="账户有误，退汇"
    )
    again = pay(world.clerk, pool, 1)
    assert again.replaces is not None
    assert again.replaces.reverses_id == first.pk
    assert sum(Advance.objects.values_list("amount", flat=True)) == first.amount


def test_never_more_is_paid_than_the_year_has(world: World, pool: Pool) -> None:
    with pytest.raises(Invalid):
        pay(world.clerk, pool, 1, "233700000.01")


def test_every_sum_is_kept_to_the_fen(world: World, pool: Pool) -> None:
    """An odd balance among three levels and their members."""
    spend(world, 150 * M, 62 * M)
    region.settled(
        region.Line(date(region.YEAR, 7, 1), world.village.pk, Decimal("0.01"))
    )
    region.scored(world, pool)
    made = confirmed(world, clear(world, pool))
    shares = distribute(world, made)
    assert sum(one.amount for one in shares) == made.retained
    assert made.due == made.actual + made.retained


def test_a_source_out_of_order_wipes_nothing(world: World, pool: Pool) -> None:
    """A whole year without a settlement is no answer."""
    spend(world, 150 * M, 62 * M)
    roll_up(world, pool)
    region.SETTLED.clear()
    assert roll_up(world, pool) == 0
    assert UseDay.objects.count() == 3


def test_a_corrected_day_is_rolled_up_anew_and_no_other(
    world: World, pool: Pool
) -> None:
    spend(world, 150 * M, 62 * M)
    region.settled(region.Line(date(region.YEAR, 7, 1), world.village.pk, Decimal(30)))
    assert roll_up(world, pool) == 4
    kept = UseDay.objects.get(institution=world.village).pk
    region.settled(region.Line(date(region.YEAR, 6, 1), world.county.pk, Decimal(-10)))
    assert roll_up(world, pool) == 3
    assert UseDay.objects.get(institution=world.village).pk == kept
    assert UseDay.objects.get(institution=world.county).basic == 150 * M - 10


def test_a_settlement_rolls_up_the_day_it_was_booked(world: World) -> None:
    pool = region.opened(world)
    day = date(region.YEAR, 8, 9)
    region.settled(
        region.Line(day, world.township.pk, Decimal(40)),
        region.Line(date(region.YEAR, 8, 10), world.township.pk, Decimal(7)),
    )
    booked = BillSettled(
        settlement_id=new_id(), bill_id=new_id(), person_id=new_id(),
        institution_id=world.township.pk, insured_area=region.AREA,
        entry="original", booked_on=day, total=Decimal(40), basic=Decimal(40),
        supplement=Decimal(0), serious=Decimal(0), assistance=Decimal(0),
        patient=Decimal(0),
    )  # fmt: skip
    handlers.count_use(booked)
    handlers.count_use(booked)
    assert [row.basic for row in UseDay.objects.filter(pool=pool)] == [Decimal(40)]
