"""A statement's life: drawn, signed by both, disputed, adjusted, paid, closed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from yilian.foundation.notify.models import Notice
from yilian.insurance.clearing.models import ClosedPeriod, Entry
from yilian.insurance.clearing.models_statement import (
    Dispute,
    Statement,
    StatementStep,
)
from yilian.insurance.clearing.queries import books as book_queries
from yilian.insurance.clearing.queries import files
from yilian.insurance.clearing.queries.statements import detail, my_turn
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.rules.statement import Answer, Reason, State
from yilian.insurance.clearing.services import (
    closing,
    confirming,
    disputing,
    drawing,
    reminding,
)
from yilian.insurance.clearing.services.confirming import Payment
from yilian.insurance.clearing.services.disputing import Change, Objection
from yilian.insurance.clearing.tests import world
from yilian.insurance.clearing.tests.world import LAST_MONTH, SYSTEM, THIS_MONTH, Books
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted

BEFORE = months.before(LAST_MONTH)


def _both_sign(books: Books, row: Statement) -> Statement:
    confirming.confirm(books.county.finance, row.id)
    return confirming.confirm(books.township.finance, row.id)


def _object(books: Books, row: Statement, **changes: object) -> Statement:
    told: dict[str, object] = {"reason": Reason.WRONG_QUANTITY, "text": "少了三例"}
    objection = Objection(**(told | changes))  # type: ignore[arg-type]
    return disputing.dispute(books.township.finance, row.id, objection=objection)


def _pay(books: Books, row: Statement) -> Statement:
    payment = Payment(voucher="2026-0001", paid_on=timezone.localdate())
    return confirming.pay(books.township.finance, row.id, payment=payment)


def _owed(books: Books) -> tuple[Decimal, Decimal]:
    one, other = sorted([books.county.id, books.township.id])
    return book_queries.between(one, other, books.consortium.id)


def _owes(row: Statement, house: object) -> Decimal:
    return row.one_owes if house == row.one_id else row.other_owes


# --- drawing ------------------------------------------------------------------


def test_a_month_that_has_ended_is_drawn_once(books: Books) -> None:
    world.posted(books, 1400)
    world.posted(books, 600)
    world.posted(books, 300, debtor=books.second)
    assert drawing.draw_due() == 2
    assert drawing.draw_due() == 0
    row = Statement.objects.visible_to(books.township.finance).get()
    assert (_owes(row, books.township.id), row.lines) == (Decimal("20.00"), 2)
    assert Notice.objects.count() == 4


def test_what_comes_before_anybody_signed_is_taken_up(books: Books) -> None:
    row = world.drawn(books, 1400)
    world.posted(books, 600)
    with pytest.raises(Conflict, match="重新出具"):
        confirming.confirm(books.county.finance, row.id)
    drawn = drawing.draw(books.county.finance, books.consortium.id, LAST_MONTH)
    assert (drawn.made, drawn.renewed) == (0, 1)
    row.refresh_from_db()
    assert _owes(row, books.township.id) == Decimal("20.00")
    confirming.confirm(books.county.finance, row.id)


def test_the_running_month_is_not_drawn(books: Books) -> None:
    world.posted(books, day=timezone.localdate())
    with pytest.raises(Invalid, match="还没有结束"):
        drawing.draw(SYSTEM, books.consortium.id, THIS_MONTH)


def test_a_house_draws_only_its_own_pairs(books: Books) -> None:
    world.posted(books)
    world.posted(books, debtor=books.second)
    made = drawing.draw(books.second.finance, books.consortium.id, LAST_MONTH).made
    assert made == 1
    assert not Statement.objects.visible_to(books.township.finance).exists()


# --- signing and paying -------------------------------------------------------


def test_both_sign_the_debtor_pays_and_nothing_is_left(books: Books) -> None:
    row = world.drawn(books, 1400, back=400)
    confirming.confirm(books.county.finance, row.id)
    assert list(my_turn(books.township.finance)) == [row]
    assert not my_turn(books.county.finance).exists()
    done = confirming.confirm(books.township.finance, row.id)
    assert done.state == State.CONFIRMED
    assert list(my_turn(books.township.finance)) == [row]  # now to pay
    assert not my_turn(books.county.finance).exists()
    assert _pay(books, row).state == State.PAID
    assert not any(_owed(books))
    paid = Entry.objects.get(kind="payment")
    cash = {
        leg.account.institution_id: leg.amount
        for leg in paid.postings.filter(account__kind="cash")
    }
    assert cash == {
        books.township.id: Decimal("-10.00"), books.county.id: Decimal("10.00"),
    }  # fmt: skip
    world.check_now()


def test_one_house_cannot_sign_for_both(books: Books) -> None:
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id)
    with pytest.raises(NotPermitted, match="尚未确认"):
        confirming.confirm(books.county.finance, row.id)


def test_equal_claims_are_set_off_without_a_payment(books: Books) -> None:
    row = world.drawn(books, 1400, back=1400)
    assert _both_sign(books, row).state == State.PAID
    assert not any(_owed(books))
    assert Entry.objects.get(kind="payment").postings.count() == 4


def test_only_the_debtor_pays_and_with_evidence(books: Books) -> None:
    row = _both_sign(books, world.drawn(books))
    payment = Payment(voucher="2026-0001", paid_on=timezone.localdate())
    with pytest.raises(NotPermitted, match="应付一方"):
        confirming.pay(books.county.finance, row.id, payment=payment)
    wrong = Payment(voucher="x", paid_on=timezone.localdate() + timedelta(days=1))
    with pytest.raises(Invalid) as refused:
        confirming.pay(books.township.finance, row.id, payment=wrong)
    assert set(refused.value.fields) == {"voucher", "paid_on"}


def test_a_stale_page_is_told_so(books: Books) -> None:
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id, revision=0)
    with pytest.raises(Conflict, match="刚刚有变化"):
        confirming.confirm(books.township.finance, row.id, revision=0)


def test_a_paid_statement_is_not_touched_again(books: Books) -> None:
    row = _both_sign(books, world.drawn(books))
    _pay(books, row)
    with pytest.raises(Conflict, match="已结清"):
        _object(books, row)


# --- disputes -----------------------------------------------------------------


def test_a_dispute_is_answered_adjusted_and_signed_anew(books: Books) -> None:
    row = world.drawn(books, 1400)
    entry = Entry.objects.get()
    _object(books, row, entry_id=entry.id, claimed=Decimal("4.00"))
    assert list(my_turn(books.county.finance)) == [row]
    disputing.answer(
        books.county.finance, row.id, answer=Answer.PARTLY, text="核对后少两例"
    )
    change = Change(books.township.id, Decimal("-2.80"), "按 8 例计")
    adjusted = disputing.adjust(books.county.finance, row.id, change=change)
    assert adjusted.state == State.ADJUSTED
    assert _owes(adjusted, books.township.id) == Decimal("14.00")  # as drawn
    assert detail(books.county.finance, row.id).line.net in (
        Decimal("11.20"), Decimal("-11.20"),
    )  # fmt: skip
    assert entry.postings.count() == 4  # the first entry is as it was
    _both_sign(books, row)
    _pay(books, row)
    assert not any(_owed(books))
    assert Dispute.objects.get().state == "settled"


def test_an_adjustment_counts_to_its_statement_and_to_no_other(books: Books) -> None:
    row = world.drawn(books, 1400)
    _object(books, row)
    change = Change(books.township.id, Decimal("-2.80"), "按 8 例计")
    disputing.adjust(books.county.office, row.id, change=change)  # the office may too
    entry = Entry.objects.get(kind="adjustment")
    assert (entry.period, entry.statement) == (THIS_MONTH, row)
    assert drawing.draw_due() == 0


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("-14.01", "不能超过"),
        ("0", "不能为零"),
        ("0.005", "两位小数"),
        ("1000000000.00", "过大"),
    ],
)
def test_an_adjustment_that_cannot_be(books: Books, amount: str, words: str) -> None:
    row = world.drawn(books, 1400)
    _object(books, row)
    change = Change(books.township.id, Decimal(amount), "依据")
    with pytest.raises(Invalid) as refused:
        disputing.adjust(books.county.finance, row.id, change=change)
    assert words in str(refused.value.fields["amount"])


def test_the_disputer_neither_answers_nor_adjusts_but_withdraws(books: Books) -> None:
    row = world.drawn(books)
    _object(books, row)
    me = books.township.finance
    with pytest.raises(NotPermitted):
        disputing.answer(me, row.id, answer=Answer.ACCEPTED, text="x")
    change = Change(books.township.id, Decimal("-1.00"), "x")
    with pytest.raises(NotPermitted):
        disputing.adjust(me, row.id, change=change)
    with pytest.raises(NotPermitted):
        disputing.withdraw(books.county.finance, row.id, text="x")
    assert disputing.withdraw(me, row.id, text="已核对").state == State.DRAWN
    _both_sign(books, row)


def test_a_line_of_another_statement_is_refused(books: Books) -> None:
    row = world.drawn(books)
    foreign = world.posted(books, debtor=books.second)
    with pytest.raises(Invalid) as refused:
        _object(books, row, entry_id=foreign.id)
    assert "entry_id" in refused.value.fields


def test_signatures_given_before_a_dispute_do_not_count(books: Books) -> None:
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id)
    _object(books, row)
    change = Change(books.township.id, Decimal("-1.00"), "x")
    disputing.adjust(books.county.finance, row.id, change=change)
    assert detail(books.county.finance, row.id).signatures == {}
    confirming.confirm(books.township.finance, row.id)
    assert set(detail(books.county.finance, row.id).signatures) == {books.township.id}


# --- closing ------------------------------------------------------------------


def _close(books: Books, period: date = LAST_MONTH, note: str = "") -> ClosedPeriod:
    return closing.close(books.county.office, books.consortium.id, period, note=note)


def test_a_month_is_closed_when_all_have_signed(books: Books) -> None:
    row = world.drawn(books)
    with pytest.raises(Conflict, match="没有双方确认"):
        _close(books)
    _both_sign(books, row)
    closed = _close(books)
    assert (closed.entries, closed.statements) == (1, 1)
    assert closed.turnover == Decimal("28.00")
    with pytest.raises(Conflict, match="已经关账"):
        _close(books)
    assert world.posted(books).period == THIS_MONTH


def test_what_is_not_drawn_keeps_a_month_open(books: Books) -> None:
    world.posted(books)
    with pytest.raises(Conflict, match="没有出具"):
        _close(books)


def test_a_month_in_dispute_is_closed_with_a_note_only(books: Books) -> None:
    row = world.drawn(books)
    _object(books, row)
    with pytest.raises(Invalid) as refused:
        _close(books)
    assert "note" in refused.value.fields
    closed = _close(books, note="望远镇数量有异议，年底前核清")
    assert closed.disputed == 1
    change = Change(books.township.id, Decimal("-2.00"), "核清")
    disputing.adjust(books.county.finance, row.id, change=change)
    assert Entry.objects.get(kind="adjustment").period == THIS_MONTH
    assert files.digest_of_period(books.consortium.id, LAST_MONTH) == closed.digest


def test_months_are_closed_in_their_order(books: Books) -> None:
    world.posted(books, day=BEFORE)
    world.drawn(books)
    with pytest.raises(Conflict, match=f"{BEFORE:%Y-%m}"):
        _close(books)


def test_a_running_month_stays_open(books: Books) -> None:
    with pytest.raises(Conflict, match="还没有结束"):
        _close(books, THIS_MONTH)


def test_only_the_leading_office_closes(books: Books) -> None:
    for who in (books.township.office, books.county.finance, books.stranger.office):
        with pytest.raises(NotPermitted, match="牵头单位"):
            closing.close(who, books.consortium.id, LAST_MONTH)


# --- sight and reminders ------------------------------------------------------


def test_who_is_no_party_does_not_know_of_it(books: Books) -> None:
    row = world.drawn(books)
    outsiders = (
        books.second.finance, books.stranger.finance, books.stranger.office,
        books.township.office, books.officer, books.county.doctor,
    )  # fmt: skip
    for who in outsiders:
        assert not Statement.objects.visible_to(who).exists()
        assert not Entry.objects.visible_to(who).exists()
        with pytest.raises(NotFound):
            confirming.confirm(who, row.id)
    for who in (books.county.finance, books.township.finance, books.county.office):
        assert Statement.objects.visible_to(who).count() == 1


def test_reminders_are_sent_once_to_whose_turn_it_is(books: Books) -> None:
    row = world.drawn(books)
    confirming.confirm(books.county.finance, row.id)
    Notice.objects.all().delete()
    late = timezone.now() + timedelta(days=11)
    for _n in range(2):
        reminding.run_reminders(late)
    assert [n.institution_id for n in Notice.objects.all()] == [books.township.id]
    reminding.run_reminders(timezone.now() + timedelta(days=16))
    assert Notice.objects.filter(roles="consortium_office").count() == 1


def test_every_step_is_on_record(books: Books) -> None:
    row = _both_sign(books, world.drawn(books))
    _pay(books, row)
    steps = list(
        StatementStep.objects.order_by("taken_at").values_list("step", flat=True)
    )
    assert steps == ["draw", "confirm", "confirm", "pay"]
