"""The demo's books: they balance, say what statements say, and can go on."""

from datetime import UTC, datetime

import pytest
from django.db.models import F, Sum

from yilian.demo.build import ACTOR
from yilian.demo.loading import places
from yilian.demo.loading.insurance_clearing import load_clearing
from yilian.demo.world.build import Region, region
from yilian.insurance.clearing.models import (
    ClosedPeriod,
    Entry,
    Posting,
    SharedService,
)
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.queries.files import digest_of_period
from yilian.insurance.clearing.rules.slip import Kind
from yilian.insurance.clearing.rules.slip import State as SlipState
from yilian.insurance.clearing.rules.statement import State
from yilian.insurance.clearing.services.drawing import sums_of
from yilian.insurance.clearing.tests.world import check_now

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def planned() -> Region:
    return region(60, 1, NOW)


@pytest.fixture
def _loaded(db: None, planned: Region) -> None:
    places.load_institutions(ACTOR, places.rows_of(planned))
    places.load_consortia(ACTOR, planned)
    load_clearing(ACTOR, planned)


@pytest.mark.usefixtures("_loaded")
def test_the_books_of_the_demo_are_in_order() -> None:
    check_now()
    assert Posting.objects.aggregate(all=Sum("amount"))["all"] == 0
    assert set(Statement.objects.values_list("state", flat=True)) == set(State)
    assert set(SharedService.objects.values_list("kind", flat=True)) == set(Kind)
    states = set(SharedService.objects.values_list("state", flat=True))
    assert {SlipState.RECORDED, SlipState.ACKNOWLEDGED} <= states
    for row in Statement.objects.all()[:60]:
        sums = sums_of(row)
        assert (sums.digest, sums.lines) == (row.digest, row.lines)
        assert (sums.one_owes, sums.other_owes) == (row.one_owes, row.other_owes)
    _paid_ones_are_even()
    closed = ClosedPeriod.objects.order_by("period").first()
    assert closed is not None
    assert digest_of_period(closed.consortium_id, closed.period) == closed.digest
    inside = Entry.objects.filter(consortium=closed.consortium, period=closed.period)
    assert inside.count() == closed.entries


@pytest.mark.usefixtures("_loaded")
def test_what_was_overlooked_goes_to_a_month_that_was_open_then() -> None:
    late = Entry.objects.filter(kind="service", happened_on__lt=F("period"))
    assert late.exists()
    for entry in late:
        own_month = entry.happened_on.replace(day=1)
        closed = ClosedPeriod.objects.get(
            consortium=entry.consortium_id, period=own_month
        )
        slip = SharedService.objects.get(pk=entry.event_id)
        assert closed.closed_at < slip.recorded_at < entry.posted_at
        assert slip.note
        assert Statement.objects.filter(
            consortium=entry.consortium_id, period=entry.period,
            one=entry.one_id, other=entry.other_id,
        ).exists()  # fmt: skip


def _paid_ones_are_even() -> None:
    """What was paid is what was owed: the statement's own entries leave nothing."""
    for row in Statement.objects.filter(state=State.PAID)[:40]:
        paid = row.entries.aggregate(a=Sum("one_owes"), b=Sum("other_owes"))
        assert (paid["a"], paid["b"]) == (-row.one_owes, -row.other_owes)
