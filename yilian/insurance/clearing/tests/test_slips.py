"""Slips: priced by the catalogue, split by parameter, posted when acknowledged."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from yilian.foundation.access.actor import Role
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.notify.models import Notice
from yilian.insurance.clearing.models import Entry, SharedService
from yilian.insurance.clearing.queries.books import between
from yilian.insurance.clearing.rules.slip import Kind, State
from yilian.insurance.clearing.services import slips
from yilian.insurance.clearing.tests import world
from yilian.insurance.clearing.tests.world import Books
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.directory.tests.cast import actor_at


def test_a_slip_is_priced_split_and_told(books: Books) -> None:
    row = world.recorded(books)
    assert (row.unit_price, row.total) == (Decimal("20.00"), Decimal("200.00"))
    assert (row.requester_percent, row.owed) == (30, Decimal("140.00"))
    assert not Entry.objects.exists()
    notice = Notice.objects.get()
    assert notice.institution_id == books.township.id
    assert AuditEntry.objects.filter(action="clearing.slip_record").count() == 1


def test_what_nobody_is_charged_for_is_owed_in_full(books: Books) -> None:
    row = world.recorded(books, kind=Kind.STERILISATION)
    assert row.owed == row.total == Decimal("200.00")


def test_acknowledging_posts_it_on_its_day(books: Books) -> None:
    row = world.recorded(books)
    slips.acknowledge(books.township.finance, row.id)
    entry = Entry.objects.get()
    assert (entry.event_id, entry.happened_on) == (row.id, row.performed_on)
    assert (entry.clause, entry.requester_percent) == ("NX-2.3.4-d", 30)
    owed = {entry.one_id: entry.one_owes, entry.other_id: entry.other_owes}
    assert owed == {books.township.id: Decimal("140.00"), books.county.id: Decimal(0)}


def test_acknowledging_twice_is_refused_and_posts_once(books: Books) -> None:
    row = world.recorded(books)
    slips.acknowledge(books.township.finance, row.id)
    with pytest.raises(Conflict, match="已签认入账"):
        slips.acknowledge(books.township.finance, row.id)
    assert Entry.objects.count() == 1


def test_many_are_acknowledged_or_none(books: Books) -> None:
    rows = [world.recorded(books) for _n in range(3)]
    slips.send_back(books.township.finance, rows[1].id, reason="数量不符")
    with pytest.raises(Conflict):
        slips.acknowledge_many(books.township.finance, [row.id for row in rows])


def test_the_same_form_twice_is_one_slip(books: Books) -> None:
    key = new_id()
    told = world.facts(books)
    one = slips.record(books.county.finance, key=key, facts=told)
    two = slips.record(books.county.finance, key=key, facts=told)
    assert one == two
    assert SharedService.objects.count() == 1


def test_a_void_slip_leaves_a_red_entry(books: Books) -> None:
    row = world.recorded(books)
    slips.acknowledge(books.township.finance, row.id)
    slips.void(books.county.finance, row.id, reason="重复登记")
    assert sorted(Entry.objects.values_list("kind", flat=True)) == [
        "reversal", "service",
    ]  # fmt: skip
    pair = sorted([books.county.id, books.township.id])
    assert not any(between(pair[0], pair[1], books.consortium.id))
    with pytest.raises(Conflict):
        slips.void(books.county.finance, row.id, reason="再来一次")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"quantity": Decimal(0)}, "quantity", id="nothing"),
        pytest.param({"quantity": Decimal(-3)}, "quantity", id="below zero"),
        pytest.param({"quantity": Decimal("1.005")}, "quantity", id="three decimals"),
        pytest.param({"quantity": Decimal("99999999")}, "quantity", id="huge"),
        pytest.param({"quantity": Decimal("NaN")}, "quantity", id="no number"),
        pytest.param({"item_code": "?"}, "item_code", id="no such item"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    books: Books, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        world.recorded(books, **changes)
    assert set(refused.value.fields) == {field}
    assert not SharedService.objects.exists()


def test_a_slip_of_tomorrow_is_refused(books: Books) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(Invalid) as refused:
        world.recorded(books, performed_on=tomorrow)
    assert set(refused.value.fields) == {"performed_on"}
    assert not SharedService.objects.exists()


def test_a_house_of_no_common_consortium_is_refused(books: Books) -> None:
    with pytest.raises(Invalid) as refused:
        world.recorded(books, requester_id=books.stranger.id)
    assert "requester_id" in refused.value.fields


def test_a_slip_for_oneself_is_refused(books: Books) -> None:
    with pytest.raises(Invalid):
        world.recorded(books, requester_id=books.county.id)


def test_steps_need_a_reason(books: Books) -> None:
    row = world.recorded(books)
    with pytest.raises(Invalid):
        slips.withdraw(books.county.finance, row.id, reason="  ")
    done = slips.withdraw(books.county.finance, row.id, reason="登记错了")
    assert done.state == State.WITHDRAWN


def test_only_the_right_side_acts(books: Books) -> None:
    row = world.recorded(books)
    with pytest.raises(NotPermitted, match="申请方"):
        slips.acknowledge(books.county.finance, row.id)
    with pytest.raises(NotPermitted, match="提供方"):
        slips.withdraw(books.township.finance, row.id, reason="x")
    with pytest.raises(NotPermitted):
        slips.acknowledge(books.county.office, row.id)  # sees it, may not
    for outsider in (books.second.finance, books.stranger.finance, books.officer):
        with pytest.raises(NotFound):
            slips.acknowledge(outsider, row.id)
    with pytest.raises(NotFound):
        slips.acknowledge(books.township.doctor, row.id)


def test_only_a_finance_office_records(books: Books) -> None:
    clerk = actor_at(books.county.institution, Role.REFERRAL_DESK)
    with pytest.raises(NotPermitted, match="医保财务"):
        slips.record(clerk, key=new_id(), facts=world.facts(books))
