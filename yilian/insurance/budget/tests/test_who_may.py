"""Who may do what: the whole matrix, first what is seen, then what is allowed."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from yilian.foundation.access.actor import Actor
from yilian.insurance.budget import services
from yilian.insurance.budget.models import Clearing, Pool, PoolRevision
from yilian.insurance.budget.queries import pages
from yilian.insurance.budget.queries.house import house_page
from yilian.insurance.budget.rules.states import Finding
from yilian.insurance.budget.tests import world as region
from yilian.insurance.budget.tests.world import World
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id

DONE, REFUSED, UNSEEN = "done", "refused", "unseen"
ROLES = (
    "clerk", "supervisor", "other_clerk", "office", "stranger_office", "finance",
    "officer", "regional_officer", "doctor",
)  # fmt: skip
Do = Callable[[World, Pool, Actor], object]


def _revise(world: World, pool: Pool, actor: Actor) -> PoolRevision:
    return services.revise_pool(
        actor, pool.pk, key=new_id(), starts_on=date(2025, 7, 1), terms=region.terms()
    )


def _release(world: World, pool: Pool, actor: Actor) -> object:
    waiting = _revise(world, pool, world.clerk)
    return services.release_revision(actor, waiting.pk)


def _pay(world: World, pool: Pool, actor: Actor) -> object:
    return services.pay_advance(
        actor, pool.pk, key=new_id(), month=1, amount=Decimal(1),
        paid_on=date(2025, 1, 5), evidence="凭证",
    )  # fmt: skip


def _refuse(world: World, pool: Pool, actor: Actor) -> object:
    return services.refuse_amount(
        actor, pool.pk, key=new_id(), institution_id=world.county.pk,
        finding=Finding.SIPHON, found_on=date(2025, 2, 1), amount=Decimal(1),
        reason="越级收治", evidence="稽核",
    )  # fmt: skip


def _score(world: World, pool: Pool, actor: Actor) -> object:
    return services.set_score(
        actor, pool.pk, key=new_id(), value=Decimal(90), source="考核"
    )


def _roll_up(world: World, pool: Pool, actor: Actor) -> object:
    return services.roll_up(actor, pool.pk, date(2025, 1, 1), date(2026, 1, 1))


def _pre_settle(world: World, pool: Pool, actor: Actor) -> object:
    region.scored(world, pool)
    return services.pre_settle(actor, pool.pk, key=new_id())


def _clear(world: World, pool: Pool, actor: Actor) -> Clearing:
    region.scored(world, pool)
    return services.clear_year(actor, pool.pk, key=new_id())


def _confirm(world: World, pool: Pool, actor: Actor) -> object:
    made = _clear(world, pool, world.clerk)
    return services.confirm(actor, made.pk)


def _supplement(world: World, pool: Pool, actor: Actor) -> object:
    made = _clear(world, pool, world.clerk)
    services.confirm(world.supervisor, made.pk)
    services.confirm(world.office, made.pk)
    wrong = services.Corrections(refused=Decimal(5), reason="复核", evidence="文书")
    return services.supplement(actor, made.pk, key=new_id(), corrections=wrong)


def _return(world: World, pool: Pool, actor: Actor) -> object:
    made = _clear(world, pool, world.clerk)
    return services.return_clearing(actor, made.pk, reason="数据有误")


def _distribute(world: World, pool: Pool, actor: Actor) -> object:
    made = _clear(world, pool, world.clerk)
    services.confirm(world.supervisor, made.pk)
    services.confirm(world.office, made.pk)
    return services.distribute(
        actor,
        made.pk,
        key=new_id(),
        rule="6:3:1",
        weights={},
        performances={},
    )


def _see(world: World, pool: Pool, actor: Actor) -> object:
    return pages.pool_page(actor, pool.pk)


def _see_outside(world: World, pool: Pool, actor: Actor) -> object:
    return house_page(actor, pool.pk, None, None)


INSURERS = {"clerk": DONE, "supervisor": DONE}
INSURED_AND_SEEN = {"office": REFUSED, "finance": REFUSED, "officer": REFUSED,
                    "regional_officer": REFUSED}  # fmt: skip
OF_INSURERS = INSURERS | INSURED_AND_SEEN
MATRIX: list[tuple[str, Do, dict[str, str]]] = [
    ("see", _see, INSURERS | dict.fromkeys(INSURED_AND_SEEN, DONE)),
    ("see_outside", _see_outside, INSURERS | {"office": DONE}),
    ("revise", _revise, OF_INSURERS),
    ("release", _release, OF_INSURERS | {"clerk": REFUSED}),
    ("pay", _pay, OF_INSURERS),
    ("refuse", _refuse, OF_INSURERS),
    ("score", _score, OF_INSURERS),
    ("roll_up", _roll_up, OF_INSURERS),
    ("pre_settle", _pre_settle, OF_INSURERS),
    ("clear", _clear, OF_INSURERS),
    ("confirm", _confirm, OF_INSURERS | {"clerk": REFUSED, "office": DONE}),
    ("return", _return, OF_INSURERS | {"office": DONE}),
    ("supplement", _supplement, OF_INSURERS),
    ("distribute", _distribute,
     dict.fromkeys(OF_INSURERS, REFUSED) | {"office": DONE}),
]  # fmt: skip


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize(("name", "do", "expected"), MATRIX, ids=[m[0] for m in MATRIX])
def test_who_may_do_what(
    world: World, pool: Pool, name: str, do: Do, expected: dict[str, str], who: str
) -> None:
    actor: Actor = getattr(world, who)
    wanted = expected.get(who, UNSEEN)
    if wanted == DONE:
        do(world, pool, actor)
        return
    with pytest.raises(NotFound if wanted == UNSEEN else NotPermitted):
        do(world, pool, actor)


def test_only_the_insurer_of_the_area_opens_a_pool(world: World) -> None:
    for who in ("other_clerk", "office", "officer", "doctor"):
        with pytest.raises(NotPermitted):
            services.open_pool(
                getattr(world, who), key=new_id(), consortium_id=world.consortium.pk,
                area_code=region.AREA, year=2025, terms=region.terms(),
            )  # fmt: skip


def test_nobody_is_covered_by_two_pools(world: World, pool: Pool) -> None:
    """The city's pool would hold the county's people once more."""
    with pytest.raises((Conflict, Invalid)):
        services.open_pool(
            world.clerk, key=new_id(), consortium_id=world.consortium.pk,
            area_code=region.AREA, year=region.YEAR, terms=region.terms(),
        )  # fmt: skip


def test_an_officer_sees_sums_and_no_house(world: World, pool: Pool) -> None:
    region.used(pool, world.county, 10, inside=True)
    assert pages.pool_page(world.officer, pool.pk).houses is None
    with pytest.raises(NotFound):
        house_page(world.officer, pool.pk, world.county.pk, None)


def test_a_member_sees_its_own_lines_only(world: World, pool: Pool) -> None:
    region.used(pool, world.county, 10, inside=True)
    region.used(pool, world.township, 20, inside=True)
    houses = pages.pool_page(world.finance, pool.pk).houses
    assert houses is not None
    assert [line.id for line in houses.inside] == [world.county.pk]
    assert house_page(world.finance, pool.pk, world.county.pk, None).days
    with pytest.raises(NotFound):
        house_page(world.finance, pool.pk, world.township.pk, None)


LEDGERS: list[tuple[str, Do, dict[str, str]]] = [
    ("subsidy", lambda w, p, a: services.grant_subsidy(
        a, key=new_id(), institution_id=w.county.pk, year=2025, base=Decimal(1000),
        score=Decimal(90), assessment="年度考核", evidence="拨款"),
     {"officer": DONE, "regional_officer": DONE}),
    ("income", lambda w, p, a: services.enter_income(
        a, key=new_id(), month=date(2025, 5, 1), income=Decimal(1000),
        cost=Decimal(600), evidence="报表"), {"finance": DONE}),
]  # fmt: skip


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize(
    ("name", "do", "expected"), LEDGERS, ids=[m[0] for m in LEDGERS]
)
def test_who_keeps_the_ledgers(
    world: World, pool: Pool, name: str, do: Do, expected: dict[str, str], who: str
) -> None:
    actor: Actor = getattr(world, who)
    if who in expected:
        do(world, pool, actor)
        return
    with pytest.raises(NotPermitted):
        do(world, pool, actor)
