"""A confirmed year corrected: a linked clearing of the difference, nothing changed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from yilian.care.referral.tests.browsing import as_actor, plain, said
from yilian.insurance.budget import services
from yilian.insurance.budget.models import CarryOver, Clearing, Pool, Share
from yilian.insurance.budget.queries.clearings import clearing_page
from yilian.insurance.budget.rules.states import ClearingKind
from yilian.insurance.budget.rules.supplement import (
    Correction,
    Late,
    corrected,
    correction_step,
)
from yilian.insurance.budget.rules.working import kept, reading
from yilian.insurance.budget.rules.year import BudgetWrong, Spent
from yilian.insurance.budget.services.clearing import digest_of
from yilian.insurance.budget.tests import world as region
from yilian.insurance.budget.tests.test_clearing import (
    ONE,
    M,
    clear,
    confirmed,
    distribute,
    roll_up,
    spend,
)
from yilian.insurance.budget.tests.world import World
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import new_id

OVERLOOKED = {"reason": "稽核复议更正", "evidence": "稽核复议〔2026〕3号"}


def supplement(world: World, made: Clearing, **wrong: Any) -> Clearing:
    facts = OVERLOOKED | wrong
    return services.supplement(
        world.clerk,
        made.pk,
        key=facts.pop("key", new_id()),
        corrections=services.Corrections(**facts),
    )


@pytest.fixture
def cleared(world: World, pool: Pool) -> Clearing:
    """Example 15 without its refusal: a balance of 21,700,000, all kept."""
    spend(world, 150 * M, 62 * M)
    region.scored(world, pool, "92")
    return confirmed(world, clear(world, pool))


def test_the_rule_adds_what_was_late_and_what_was_wrong() -> None:
    found = corrected(Spent(100, 50, 10, 5), Late(7, -3), Correction(-20, 0, 4, 1))
    assert found == Spent(87, 47, 14, 6)
    with pytest.raises(BudgetWrong):
        corrected(Spent(100, 50, 10, 5), Late(), Correction(refused=-11))


@pytest.mark.parametrize(
    ("correction", "told"),
    [
        (Correction(refused=-14774), "0.07 + 0.00 + 0.00 + 147.74 = 147.81"),
        (Correction(100, -50, 25), "0.07 + 1.00 − 0.50 − 0.25 = 0.32"),
    ],
)
def test_no_term_of_a_correction_is_signed_twice(
    correction: Correction, told: str
) -> None:
    step = correction_step(Late(inside=7), correction)
    assert said(reading(kept([step])[0])) == told


def test_only_the_difference_is_due_and_nothing_changes(
    world: World, cleared: Clearing
) -> None:
    before = {f.attname: getattr(cleared, f.attname) for f in Clearing._meta.fields}
    made = supplement(world, cleared, refused=Decimal(M))
    assert made.kind == ClearingKind.SUPPLEMENT
    assert made.supplements_id == cleared.pk
    assert [made.refused, made.actual, made.balance] == [M, 211 * M, 22_700_000]
    assert made.advanced == cleared.advanced + cleared.due
    # A million less was spent, a million more is kept: nothing more is due.
    assert made.due == 0
    assert digest_of(made) == made.digest
    cleared.refresh_from_db()
    after = {f.attname: getattr(cleared, f.attname) for f in Clearing._meta.fields}
    assert after == before
    assert digest_of(cleared) == cleared.digest


def test_a_worse_score_takes_back_what_was_kept(
    world: World, cleared: Clearing
) -> None:
    made = confirmed(world, supplement(world, cleared, score=Decimal(85)))
    assert made.retained == Decimal("19530000.00")  # 90 % of 21,700,000
    assert made.due == Decimal("-2170000.00")
    distribute(world, cleared)
    shares = distribute(world, made)
    assert sum(one.amount for one in shares) == Decimal("-2170000.00")
    assert all(one.amount < 0 for one in shares)
    shown = clearing_page(world.office, made.pk).shares
    assert [line.row.level for line in shown] == ["county", "township", "village"]
    whole = sum(Share.objects.values_list("amount", flat=True))
    assert whole == made.retained


def test_what_was_settled_late_counts_here_and_nowhere_else(
    world: World, pool: Pool, cleared: Clearing
) -> None:
    day = date(region.YEAR, 6, 1)
    region.settled(region.Line(day, world.county.pk, Decimal("-500.00")))
    made = supplement(world, cleared)
    assert made.inside == cleared.inside - 500
    [late] = CarryOver.objects.all()
    assert (late.supplement_id, late.to_pool_id, late.amount) == (
        made.pk, None, Decimal(-500),
    )  # fmt: skip
    region.opened(world, year=region.YEAR + 1)
    assert roll_up(world, pool) == 0
    region.settled(region.Line(day, None, Decimal("80.00")))
    assert roll_up(world, pool) == 1
    assert CarryOver.objects.get(supplement=None).amount == Decimal(80)


def test_carried_before_it_is_not_counted_again(
    world: World, pool: Pool, cleared: Clearing
) -> None:
    region.opened(world, year=region.YEAR + 1)
    day = date(region.YEAR, 6, 1)
    region.settled(region.Line(day, world.county.pk, Decimal("-500.00")))
    assert roll_up(world, pool) == 1
    with pytest.raises(Invalid, match="不需要补充清算"):
        supplement(world, cleared)
    assert supplement(world, cleared, outside=Decimal(1)).inside == cleared.inside


def test_returned_it_is_counted_anew_with_what_was_late(
    world: World, pool: Pool, cleared: Clearing
) -> None:
    day = date(region.YEAR, 6, 1)
    region.settled(region.Line(day, world.county.pk, Decimal("-500.00")))
    first = supplement(world, cleared)
    with pytest.raises(Conflict, match="已有补充清算"):
        supplement(world, cleared)
    services.return_clearing(world.office, first.pk, reason="依据不足")
    again = supplement(world, cleared)
    assert again.inside == first.inside == cleared.inside - 500
    assert again.replaces is not None
    assert again.replaces.clearing_id == first.pk


def test_one_goes_on_from_another(world: World, cleared: Clearing) -> None:
    first = confirmed(world, supplement(world, cleared, refused=Decimal(100)))
    with pytest.raises(Conflict, match="在最后一份上"):
        supplement(world, cleared, refused=Decimal(5))
    second = supplement(world, first, refused=Decimal(-40))
    assert second.refused == cleared.refused + 60
    assert second.advanced == first.advanced + first.due


def test_it_is_made_once_for_one_form(world: World, cleared: Clearing) -> None:
    key = new_id()
    first = supplement(world, cleared, refused=Decimal(5), key=key)
    assert supplement(world, cleared, refused=Decimal(5), key=key).pk == first.pk


def test_only_what_both_have_confirmed(world: World, pool: Pool) -> None:
    spend(world, 150 * M, 62 * M)
    region.scored(world, pool)
    made = clear(world, pool)
    services.confirm(world.supervisor, made.pk)
    with pytest.raises(Conflict, match="双方确认过"):
        supplement(world, made, refused=Decimal(5))
    services.confirm(world.office, made.pk)
    with pytest.raises(Invalid):
        supplement(world, made, refused=Decimal(5), reason="  ")


def test_the_database_refuses_what_supplements_nothing(
    world: World, cleared: Clearing
) -> None:
    supplement(world, cleared, refused=Decimal(5))
    again = Clearing.objects.get(supplements=cleared)
    again.pk, again.number = new_id(), "BQ-X"
    with pytest.raises(IntegrityError, match="supplemented_once"), transaction.atomic():
        again.save(force_insert=True)
    again.supplements = None
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)
    again.supplements_id = Clearing.objects.get(kind="supplement").pk
    with (
        pytest.raises(IntegrityError, match="supplements_what_was_confirmed"),
        transaction.atomic(),
    ):
        again.save(force_insert=True)


def test_its_shares_must_be_the_difference(world: World, cleared: Clearing) -> None:
    made = confirmed(world, supplement(world, cleared, score=Decimal(85)))
    Share.objects.create(
        clearing=made, institution=world.county, level="county", level_amount=ONE,
        weight=ONE, performance=ONE, amount=made.retained, rule="x",
        made_at=made.made_at,
    )  # fmt: skip
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="budget_shares_add_up"),
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_its_page_shows_what_is_corrected_and_both_link(
    world: World, cleared: Clearing
) -> None:
    clerk = as_actor(world.clerk)
    address = reverse("budget:supplement", args=[cleared.pk])
    assert (
        address
        in clerk.get(reverse("budget:clearing", args=[cleared.pk])).content.decode()
    )
    shown = plain(clerk.get(address))
    assert "原清算不改动" in shown
    done = clerk.post(address, _typed(refused="1000", score=""))
    assert done.status_code == 302
    made = Clearing.objects.get(kind="supplement")
    page = plain(clerk.get(done["Location"]))
    assert OVERLOOKED["evidence"] in page
    assert "更正" in page
    linked = clerk.get(reverse("budget:clearing", args=[cleared.pk])).content.decode()
    assert reverse("budget:clearing", args=[made.pk]) in linked
    assert address not in linked
    wrong = clerk.post(address, _typed(refused="一千"))
    assert wrong.status_code == 422
    assert as_actor(world.finance).get(address).status_code == 403
    paper = plain(clerk.get(reverse("budget:paper", args=[made.pk])))
    assert "补充清算" in paper


def _typed(**more: str) -> dict[str, str]:
    return {"idempotency_key": str(new_id()), **OVERLOOKED, **more}
