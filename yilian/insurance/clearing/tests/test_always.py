"""What holds whatever happens: the books balance, statements say what books say."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yilian.insurance.clearing.models import Entry, Posting
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.services import confirming, drawing, posting
from yilian.insurance.clearing.tests import world
from yilian.insurance.clearing.tests.world import (
    LAST_MONTH,
    SYSTEM,
    THIS_MONTH,
    Books,
    House,
)
from yilian.kernel.errors import Conflict, NotPermitted
from yilian.kernel.ids import new_id
from yilian.kernel.money import ZERO, from_fen

BEFORE = months.before(LAST_MONTH)


@dataclass
class Story:
    """What was told to the books, and what each should owe each by it."""

    books: Books
    events: list[tuple[UUID, UUID, UUID, int]] = field(default_factory=list)
    reversed: set[UUID] = field(default_factory=set)
    owed: Counter[tuple[UUID, UUID]] = field(default_factory=Counter)

    @property
    def houses(self) -> list[House]:
        return [self.books.county, self.books.township, self.books.second]

    def post(self, creditor: int, debtor: int, fen: int, day: date) -> None:
        one, other = self.houses[creditor % 3], self.houses[debtor % 3]
        if one == other:
            return
        event = new_id()
        world.posted(self.books, fen, creditor=one, debtor=other, day=day, event=event)
        self.events.append((event, one.id, other.id, fen))
        self.owed[one.id, other.id] += fen

    def reverse(self, number: int) -> None:
        if not self.events:
            return
        event, creditor, debtor, fen = self.events[number % len(self.events)]
        posting.reverse(SYSTEM, event_kind="test", event_id=event, reason="x")
        if event not in self.reversed:
            self.reversed.add(event)
            self.owed[creditor, debtor] -= fen

    def draw(self, month: date) -> None:
        drawing.draw(SYSTEM, self.books.consortium.id, month)

    def sign(self, house: int) -> None:
        who = self.houses[house % 3].finance
        row = Statement.objects.visible_to(who).order_by("pk").first()
        if row is not None:
            with suppress(Conflict, NotPermitted):
                confirming.confirm(who, row.id)


NUMBER = st.integers(0, 9)
FEN = st.integers(-9_999_999, 9_999_999).filter(bool)
MONTH = st.sampled_from([BEFORE, LAST_MONTH])
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just(Story.post), NUMBER, NUMBER, FEN, MONTH),
        st.tuples(st.just(Story.reverse), NUMBER),
        st.tuples(st.just(Story.draw), MONTH),
        st.tuples(st.just(Story.sign), NUMBER),
    ),
    max_size=14,
)


@given(acts=ACTS)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_happens_the_books_balance(
    books: Books, acts: list[tuple[Callable[..., None], *tuple[object, ...]]]
) -> None:
    with transaction.atomic():
        story = Story(books)
        for act, *told in acts:
            act(story, *told)
        world.check_now()
        _every_entry_balances()
        _both_sides_say_the_same(story)
        _statements_say_what_the_books_say(story)
        transaction.set_rollback(True)


def _every_entry_balances() -> None:
    by_house = Posting.objects.values("entry", "account__institution")
    assert not by_house.annotate(total=Sum("amount")).exclude(total=0).exists()
    assert Entry.objects.filter(postings=None).count() == 0


def _both_sides_say_the_same(story: Story) -> None:
    """What one books as owed to it is what the other books as owed, and what was
    told; equal claims that were set off are gone on both sides."""
    for (creditor, debtor), fen in story.owed.items():
        receivable = _booked(creditor, debtor, "receivable")
        assert receivable == -_booked(debtor, creditor, "payable")
        income = -_booked(creditor, debtor, "income")
        assert income == from_fen(fen)


def _booked(house: UUID, against: UUID, kind: str) -> Decimal:
    rows = Posting.objects.filter(
        account__institution=house,
        account__counterparty=against,
        account__kind=kind,
    )
    return rows.aggregate(all=Sum("amount"))["all"] or ZERO


def _statements_say_what_the_books_say(story: Story) -> None:
    """Brought up to date, all statements together are all business of their months."""
    for month in (BEFORE, LAST_MONTH):
        story.draw(month)
    drawn = Statement.objects.aggregate(a=Sum("one_owes"), b=Sum("other_owes"))
    inside = Entry.objects.filter(statement=None, period__lt=THIS_MONTH)
    assert drawn == inside.aggregate(a=Sum("one_owes"), b=Sum("other_owes"))
    assert all(drawing.sums_of(x).digest == x.digest for x in Statement.objects.all())


@pytest.mark.parametrize("fen", [1, 99_999_999_999])
def test_the_smallest_and_the_largest_amount_come_back(books: Books, fen: int) -> None:
    row = world.drawn(books, fen)
    confirming.confirm(books.county.finance, row.id)
    confirming.confirm(books.township.finance, row.id)
    row.refresh_from_db()
    assert abs(confirming.net_of(row)) == from_fen(fen)
