"""Only one may: two hands at once, on committed data."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from yilian.insurance.budget import services
from yilian.insurance.budget.models import (
    Advance,
    Clearing,
    ClearingAct,
    Pool,
    Share,
    UseDay,
)
from yilian.insurance.budget.tests import world as region
from yilian.insurance.budget.tests.world import World
from yilian.kernel.errors import Conflict
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


def both(*acts: Callable[[], Any]) -> list[Any]:
    """At the same moment, each with its own connection; results or refusals."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(timeout=10)
        try:
            return act()
        except Conflict as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def one_refused(results: list[Any]) -> None:
    assert sum(isinstance(one, Conflict) for one in results) == 1, results


def use_something(world: World) -> None:
    day = date(region.YEAR, 6, 1)
    region.settled(
        region.Line(day, world.county.pk, Decimal("1234.56")),
        region.Line(day, world.tertiary.pk, Decimal("99.99")),
    )


def roll_up(world: World, pool: Pool) -> int:
    year = region.YEAR
    return services.roll_up(
        region.SYSTEM, pool.pk, date(year, 1, 1), date(year + 1, 1, 1)
    )


def test_two_clearings_at_once(world: World, pool: Pool) -> None:
    use_something(world)
    region.scored(world, pool)
    one_refused(
        both(
            lambda: services.clear_year(world.clerk, pool.pk, key=new_id()),
            lambda: services.clear_year(world.supervisor, pool.pk, key=new_id()),
        )
    )
    assert Clearing.objects.count() == 1


def test_the_same_clearing_sent_twice(world: World, pool: Pool) -> None:
    region.scored(world, pool)
    key = new_id()
    one, two = both(
        lambda: services.clear_year(world.clerk, pool.pk, key=key),
        lambda: services.clear_year(world.clerk, pool.pk, key=key),
    )
    assert one == two


def test_rolled_up_twice_at_once_it_counts_once(world: World, pool: Pool) -> None:
    use_something(world)
    written = both(lambda: roll_up(world, pool), lambda: roll_up(world, pool))
    assert sorted(written) == [0, 2]
    assert UseDay.objects.count() == 2
    assert roll_up(world, pool) == 0


def test_clearing_while_the_days_are_rolled_up(world: World, pool: Pool) -> None:
    use_something(world)
    region.scored(world, pool)
    both(
        lambda: roll_up(world, pool),
        lambda: services.clear_year(world.clerk, pool.pk, key=new_id()),
    )
    made = Clearing.objects.get()
    assert made.inside == Decimal("1234.56")
    assert made.outside == Decimal("99.99")
    assert UseDay.objects.count() == 2


def test_a_month_paid_by_two_at_once(world: World, pool: Pool) -> None:
    def pay(who: Any) -> Advance:
        return services.pay_advance(
            who, pool.pk, key=new_id(), month=1, amount=Decimal(100),
            paid_on=date(region.YEAR, 1, 5), evidence="凭证",
        )  # fmt: skip

    one_refused(both(lambda: pay(world.clerk), lambda: pay(world.supervisor)))
    assert Advance.objects.count() == 1


def test_confirmed_and_returned_at_once(world: World, pool: Pool) -> None:
    region.scored(world, pool)
    made = services.clear_year(world.clerk, pool.pk, key=new_id())
    services.confirm(world.supervisor, made.pk)
    one_refused(
        both(
            lambda: services.confirm(world.office, made.pk),
            lambda: services.return_clearing(world.clerk, made.pk, reason="重算"),
        )
    )
    assert ClearingAct.objects.count() == 2


def test_distributed_twice_at_once(world: World, pool: Pool) -> None:
    use_something(world)
    region.scored(world, pool)
    made = services.clear_year(world.clerk, pool.pk, key=new_id())
    services.confirm(world.supervisor, made.pk)
    services.confirm(world.office, made.pk)

    def share() -> list[Share]:
        return services.distribute(
            world.office, made.pk, key=new_id(), rule="6:3:1", weights={},
            performances={},
        )  # fmt: skip

    one_refused(both(share, share))
    shared = sum(Share.objects.values_list("amount", flat=True))
    assert shared == made.retained
