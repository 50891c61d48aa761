"""Events in the books: once, balanced, in an open month."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from yilian.foundation.access.actor import Role
from yilian.insurance.clearing.models import ClosedPeriod, Entry, LedgerAccount, Posting
from yilian.insurance.clearing.queries import books as book_queries
from yilian.insurance.clearing.rules.ledger import MOST_FEN, AccountKind, Line, owed
from yilian.insurance.clearing.services import confirming, posting
from yilian.insurance.clearing.tests import world
from yilian.insurance.clearing.tests.world import LAST_MONTH, SYSTEM, THIS_MONTH, Books
from yilian.kernel.clause import UnknownClause
from yilian.kernel.errors import Conflict, Invalid, NotPermitted
from yilian.kernel.ids import new_id
from yilian.registry.directory.tests.cast import actor_at


def test_an_event_is_four_postings_that_balance(books: Books) -> None:
    entry = world.posted(books, 1400)
    world.check_now()
    legs = {
        (leg.account.institution_id, leg.account.kind): leg.amount
        for leg in entry.postings.select_related("account")
    }
    assert legs == {
        (books.county.id, "receivable"): Decimal("14.00"),
        (books.county.id, "income"): Decimal("-14.00"),
        (books.township.id, "cost"): Decimal("14.00"),
        (books.township.id, "payable"): Decimal("-14.00"),
    }
    assert entry.period == LAST_MONTH


def test_the_same_event_is_posted_once(books: Books) -> None:
    event = new_id()
    one = world.posted(books, event=event)
    two = world.posted(books, event=event)
    assert one == two
    assert Posting.objects.count() == 4


def test_the_same_event_with_another_amount_is_refused(books: Books) -> None:
    event = new_id()
    world.posted(books, 1400, event=event)
    with pytest.raises(Conflict, match="另一金额"):
        world.posted(books, 1500, event=event)


def test_a_red_entry_takes_an_event_back_once(books: Books) -> None:
    entry = world.posted(books, 1400)
    told = {"event_kind": "test", "event_id": entry.event_id, "reason": "重复登记"}
    red = posting.reverse(SYSTEM, **told)  # type: ignore[arg-type]
    again = posting.reverse(SYSTEM, **told)  # type: ignore[arg-type]
    assert red == again
    assert red.reverses == entry
    pair = entry.one_id, entry.other_id
    assert not any(book_queries.between(*pair, books.consortium.id))


def test_what_was_never_posted_cannot_be_taken_back(books: Books) -> None:
    with pytest.raises(Conflict, match="还没有入账"):
        posting.reverse(SYSTEM, event_kind="test", event_id=new_id(), reason="x")


def _lines(books: Books, *amounts: int) -> list[Line]:
    made = owed(books.county.id, books.township.id, 100)
    return [
        Line(x.institution_id, x.counterparty_id, x.kind, fen)
        for x, fen in zip(made, amounts, strict=False)
    ]


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        pytest.param((100,), "至少两行", id="one leg"),
        pytest.param((100, -100), "只涉及两家", id="one house"),
        pytest.param((100, -99, 100, -101), "借贷不平", id="balances only in all"),
        pytest.param((100, -100, 90, -90), "另一方的应付", id="claims differ"),
        pytest.param((0, 0, 100, -100), "不能为零", id="a leg of nothing"),
        pytest.param(
            (MOST_FEN + 1, -MOST_FEN - 1, MOST_FEN + 1, -MOST_FEN - 1),
            "金额过大",
            id="huge",
        ),
        pytest.param((100.5, -100.5, 100.5, -100.5), "以分为单位", id="half a fen"),
    ],
)
def test_lines_that_are_no_entry_are_refused(
    books: Books, amounts: tuple[int, ...], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        posting.post(
            SYSTEM, event_kind="test", event_id=new_id(), day=LAST_MONTH,
            lines=_lines(books, *amounts), text="x", clause="RI-11",
        )  # fmt: skip
    assert not Entry.objects.exists()


def test_the_largest_amount_goes_in(books: Books) -> None:
    entry = world.posted(books, MOST_FEN)
    assert abs(entry.one_owes + entry.other_owes) == Decimal("999999999.99")


def test_a_third_house_has_no_line_in_an_entry(books: Books) -> None:
    lines = [
        *owed(books.county.id, books.township.id, 100),
        *owed(books.second.id, books.township.id, 100),
    ]
    with pytest.raises(Invalid, match="两家机构"):
        posting.post(
            SYSTEM, event_kind="test", event_id=new_id(), day=LAST_MONTH, lines=lines,
            text="x", clause="RI-11",
        )  # fmt: skip


def test_an_unknown_clause_is_a_fault_of_the_program(books: Books) -> None:
    with pytest.raises(UnknownClause):
        posting.post(
            SYSTEM, event_kind="test", event_id=new_id(), day=LAST_MONTH,
            lines=owed(books.county.id, books.township.id, 1), text="x", clause="?",
        )  # fmt: skip


def test_tomorrow_cannot_be_posted(books: Books) -> None:
    with pytest.raises(Invalid) as refused:
        world.posted(books, day=timezone.localdate() + timedelta(days=1))
    assert "晚于今天" in str(refused.value.fields["day"])


def test_houses_of_no_common_consortium_do_not_settle_here(books: Books) -> None:
    with pytest.raises(Invalid, match="同一个医联体"):
        world.posted(books, debtor=books.stranger)


def test_a_house_posts_only_what_it_is_party_to(books: Books) -> None:
    clerk = actor_at(books.second.institution, Role.PHYSICIAN)
    with pytest.raises(NotPermitted, match="业务双方"):
        posting.post(
            clerk, event_kind="test", event_id=new_id(), day=LAST_MONTH,
            lines=owed(books.county.id, books.township.id, 1), text="x",
            clause="RI-11",
        )  # fmt: skip


# --- months -------------------------------------------------------------------


def _close(books: Books) -> None:
    ClosedPeriod.objects.create(
        consortium=books.consortium, period=LAST_MONTH, entries=0, statements=0,
        disputed=0, turnover=0, digest="", closed_at=timezone.now(),
    )  # fmt: skip


def test_a_late_event_goes_to_the_open_month_and_keeps_its_day(books: Books) -> None:
    _close(books)
    entry = world.posted(books, day=LAST_MONTH)
    assert (entry.period, entry.happened_on) == (THIS_MONTH, LAST_MONTH)


def test_an_event_of_a_signed_month_goes_to_the_next(books: Books) -> None:
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id)
    assert world.posted(books).period == THIS_MONTH
    other_pair = world.posted(books, debtor=books.second)
    assert other_pair.period == LAST_MONTH


def _insert_entry(books: Books, **changes: object) -> Entry:
    """As somebody past the services would."""
    one, other = sorted([books.county.id, books.township.id])
    told: dict[str, object] = {
        "consortium": books.consortium, "period": LAST_MONTH, "one_id": one,
        "other_id": other, "kind": "service", "event_kind": "test",
        "event_id": new_id(), "happened_on": LAST_MONTH, "text": "x",
        "clause": "RI-11", "one_owes": 1, "other_owes": 0, "legs": 2,
    }  # fmt: skip
    return Entry.objects.create(**(told | changes))


def test_the_database_refuses_a_closed_month(books: Books) -> None:
    _close(books)
    with pytest.raises(IntegrityError, match="period is closed"):
        _insert_entry(books)


def test_the_database_refuses_a_signed_statement(books: Books) -> None:
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id)
    with pytest.raises(IntegrityError, match="statement is signed"):
        _insert_entry(books)


def test_the_database_refuses_an_entry_without_legs(books: Books) -> None:
    _insert_entry(books)
    with pytest.raises(IntegrityError, match="does not balance"):
        world.check_now()


def test_the_database_refuses_a_leg_more(books: Books) -> None:
    entry = world.posted(books)
    world.check_now()
    accounts = LedgerAccount.objects.bulk_create(
        LedgerAccount(
            institution_id=books.county.id, counterparty_id=books.second.id, kind=kind
        )
        for kind in ("cash", "income")
    )
    for account, amount in zip(accounts, (5, -5), strict=True):
        Posting.objects.create(entry=entry, account=account, amount=amount)
    with pytest.raises(IntegrityError, match="does not balance"):
        world.check_now()


def test_the_database_refuses_books_that_balance_only_together(books: Books) -> None:
    entry = _insert_entry(books)
    for house, against, kind, amount in (
        (books.county, books.township, AccountKind.RECEIVABLE, 7),
        (books.township, books.county, AccountKind.PAYABLE, -7),
    ):
        account = LedgerAccount.objects.create(
            institution=house.institution,
            counterparty=against.institution,
            kind=kind.value,
        )
        Posting.objects.create(entry=entry, account=account, amount=amount)
    with pytest.raises(IntegrityError, match="does not balance"):
        world.check_now()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clearing_posting SET amount = amount * 2",
        "DELETE FROM clearing_posting",
        "UPDATE clearing_entry SET one_owes = 0",
        "DELETE FROM clearing_entry",
        "DELETE FROM clearing_statement",
        "UPDATE clearing_statement SET period = period - 31",
        "DELETE FROM clearing_closedperiod",
        "UPDATE clearing_statementstep SET signer = ''",
        "UPDATE clearing_sharedservice SET owed = 1",
        "DELETE FROM clearing_sharedservice",
        "UPDATE clearing_dispute SET text = ''",
        "DELETE FROM clearing_disputeanswer",
    ],
)
def test_what_is_written_stays(books: Books, statement: str) -> None:
    world.drawn(books)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
