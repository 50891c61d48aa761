"""Pages as each office sees them, and the files they take away."""

import csv
import hashlib
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from yilian.care.referral.tests.browsing import as_actor, plain, words
from yilian.foundation.audit.models import AuditEntry
from yilian.insurance.clearing.models import ClosedPeriod, Entry, SharedService
from yilian.insurance.clearing.models_statement import Statement
from yilian.insurance.clearing.queries.payments import payments_of
from yilian.insurance.clearing.queries.statements import detail
from yilian.insurance.clearing.rules.statement import Reason, State
from yilian.insurance.clearing.services import confirming, disputing, slips
from yilian.insurance.clearing.services.disputing import Objection
from yilian.insurance.clearing.tests import world
from yilian.insurance.clearing.tests.world import ECG, LAST_MONTH, Books
from yilian.kernel.ids import new_id

MONTH = f"{LAST_MONTH:%Y-%m}"
FINANCE_PAGES = (
    "home", "slips", "new_slip", "statements", "disputes", "periods", "books",
)  # fmt: skip


def _get(client: Client, name: str, *args: object, **query: str) -> Any:
    return client.get(reverse(f"clearing:{name}", args=args or None), query)


@pytest.mark.parametrize("name", FINANCE_PAGES)
def test_pages_of_a_finance_office_open_empty_and_full(books: Books, name: str) -> None:
    client = as_actor(books.township.finance)
    assert _get(client, name).status_code == 200
    world.drawn(books)
    world.recorded(books)
    assert _get(client, name).status_code == 200


@pytest.mark.parametrize("name", ["matrix", *FINANCE_PAGES[3:], "slips"])
def test_pages_of_a_leading_office(books: Books, name: str) -> None:
    world.drawn(books)
    answer = _get(as_actor(books.county.office), name)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "name", ["home", "matrix", "sums", "slips", "new_slip", "statements", "books"]
)
def test_who_has_no_part_is_told_so(books: Books, name: str) -> None:
    assert _get(as_actor(books.county.doctor), name).status_code == 403


def test_an_office_that_leads_nothing_has_no_matrix(books: Books) -> None:
    assert _get(as_actor(books.township.office), "matrix").status_code == 403


def test_an_officer_sees_sums_and_no_house(books: Books) -> None:
    row = world.drawn(books, 123400)
    client = as_actor(books.officer)
    assert _get(client, "home").url == reverse("clearing:sums")
    page = plain(_get(client, "sums", month=MONTH))
    assert "永宁县医共体" in page
    assert "1,234.00" in page
    assert "望远镇" not in page
    assert _get(client, "statement", row.id).status_code == 404
    assert _get(client, "books").status_code == 403


def test_a_statement_of_others_does_not_exist(books: Books) -> None:
    row = world.drawn(books)
    for who in (books.second.finance, books.stranger.finance, books.township.office):
        for name in ("statement", "print", "export"):
            assert _get(as_actor(who), name, row.id).status_code == 404


def test_the_home_page_names_what_waits(books: Books) -> None:
    row = world.drawn(books, 1400)
    client = as_actor(books.township.finance)
    page = plain(_get(client, "home"))
    assert row.number in page
    assert "14.00" in page
    assert words(_get(client, "count")) == "1"


def test_the_matrix_says_who_owes_whom(books: Books) -> None:
    world.drawn(books, 123456)
    page = words(_get(as_actor(books.county.office), "matrix", month=MONTH))
    assert "1,234.56" in page
    assert 'class="band' in page
    assert "望远镇卫生院 → 永宁县人民医院" in page


def _form(books: Books, **changes: str) -> dict[str, str]:
    told = {
        "idempotency_key": str(new_id()),
        "requester_id": str(books.township.id),
        "kind": "tele_ecg",
        "item_code": ECG,
        "quantity": "3",
        "performed_on": LAST_MONTH.isoformat(),
    }
    return told | changes


def test_recording_and_acknowledging_by_hand(books: Books) -> None:
    client = as_actor(books.county.finance)
    answer: Any = client.post(reverse("clearing:new_slip"), _form(books))
    row = SharedService.objects.get()
    assert answer.url == reverse("clearing:slip", args=[row.id])
    assert "42.00" in plain(client.get(answer.url))  # 3 × 20.00 × 70 %
    town = as_actor(books.township.finance)
    town.post(reverse("clearing:acknowledge_many"), {"slip": [str(row.id)]})
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quantity": "1.234"}, "小数"),
        ({"quantity": "-1"}, "0.01"),
        ({"item_code": "NONE"}, "没有这个项目"),
        ({"requester_id": "not-a-house"}, "UUID"),
        ({"performed_on": "2099-01-01"}, "晚于今天"),
        ({"kind": "?"}, "有效"),
    ],
)
def test_a_wrong_form_comes_back_with_words(
    books: Books, changes: dict[str, str], said: str
) -> None:
    client = as_actor(books.county.finance)
    answer = client.post(reverse("clearing:new_slip"), _form(books, **changes))
    assert answer.status_code == 422
    assert said in plain(answer)
    assert not SharedService.objects.exists()


def test_items_are_found_while_typing(books: Books) -> None:
    page = words(_get(as_actor(books.county.finance), "items", q="T-E"))
    assert "20.00" in page


def test_steps_on_the_page_of_a_statement(books: Books) -> None:
    row = world.drawn(books)
    county, town = as_actor(books.county.finance), as_actor(books.township.finance)

    def take(name: str) -> str:
        return reverse("clearing:take", args=[row.id, name])

    county.post(take("confirm"), {"revision": "0"})
    stale = town.post(take("confirm"), {"revision": "0"})
    assert stale.status_code == 409
    wrong = town.post(take("dispute"), {"revision": "1", "reason": "not_done"})
    assert wrong.status_code == 422
    told = {"revision": "1", "reason": "not_done", "text": "没有做", "claimed": "1,0.5"}
    assert town.post(take("dispute"), told).status_code == 422
    town.post(take("dispute"), told | {"claimed": "1,000.50"})
    change = {"debtor_id": str(books.township.id), "text": "核清", "revision": "2"}
    for amount in ("0.005", "-9999", "abc", ""):
        answer = county.post(take("adjust"), change | {"amount": amount})
        assert answer.status_code == 422, amount
    county.post(take("adjust"), change | {"amount": "-4.00"})
    row.refresh_from_db()
    assert row.state == State.ADJUSTED
    assert "核清" in plain(county.get(reverse("clearing:statement", args=[row.id])))


def test_a_forbidden_step_is_refused_in_words(books: Books) -> None:
    row = world.drawn(books)
    client = as_actor(books.county.office)
    url = reverse("clearing:take", args=[row.id, "confirm"])
    assert client.post(url).status_code == 403
    assert client.post(url.replace("confirm", "settle")).status_code == 404
    assert client.get(url).status_code == 405


def test_the_paper_has_both_signatures_and_the_amount_in_words(books: Books) -> None:
    row = world.drawn(books, 120450)
    confirming.confirm(books.county.finance, row.id)
    page = plain(_get(as_actor(books.township.finance), "print", row.id))
    assert "壹仟贰佰零肆元伍角整" in page
    assert page.count("单位（盖章）") == 2
    assert "苏会计" in page
    assert AuditEntry.objects.filter(action="clearing.print").count() == 1


def _sheet(answer: Any) -> str:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        names = [name for name in book.namelist() if name.endswith(".xml")]
        return "".join(book.read(name).decode() for name in names)


def test_the_statement_as_a_sheet(books: Books) -> None:
    row = world.drawn(books, 120450)
    text = _sheet(_get(as_actor(books.township.finance), "export", row.id))
    assert "1204.5" in text
    assert "壹仟贰佰零肆元伍角整" in text


def test_the_payments_of_a_statement_leave_with_it(books: Books) -> None:
    """Who paid whom how much, when, by which voucher; each taking away is noted."""
    row = world.drawn(books, 120450)
    payer = as_actor(books.township.finance)
    assert "还没有登记付款" in _sheet(_get(payer, "export", row.id))
    confirming.confirm(books.county.finance, row.id)
    confirming.confirm(books.township.finance, row.id)
    paid_on = timezone.localdate()
    payment = confirming.Payment("6222-0001", paid_on, "分两次到账")
    confirming.pay(books.township.finance, row.id, payment=payment)

    (line,) = payments_of(detail(books.county.finance, row.id))
    house = {books.township.id: "township", books.county.id: "county"}
    names = {house[row.one_id]: row.one, house[row.other_id]: row.other}
    assert line.payer == names["township"].short_name
    assert line.payee == names["county"].short_name
    assert (line.paid_on, line.amount) == (paid_on, Decimal("1204.50"))
    assert books.township.finance.name in line.recorded_by

    text = _sheet(_get(as_actor(books.county.office), "export", row.id))
    for told in (
        "付款登记",
        "6222-0001 分两次到账",
        "<v>1204.50</v>",
        line.recorded_by,
    ):
        assert told in text, told
    noted = AuditEntry.objects.filter(action="clearing.export", object_id=row.id)
    assert noted.count() == 2


def test_a_sheet_that_does_not_list_all_says_so(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = world.drawn(books, 700, back=100)
    finance = as_actor(books.county.finance)
    assert "只列前" not in _sheet(_get(finance, "export", row.id))
    monkeypatch.setattr("yilian.insurance.clearing.queries.statements.MOST_LINES", 1)
    assert "只列前 1 笔" in _sheet(_get(finance, "export", row.id))


def test_claims_that_are_equal_are_set_off_and_nobody_pays(books: Books) -> None:
    row = world.drawn(books, 700, back=700)
    confirming.confirm(books.county.finance, row.id)
    confirming.confirm(books.township.finance, row.id)
    (line,) = payments_of(detail(books.county.finance, row.id))
    assert (line.payer, line.payee, line.amount) == ("", "", Decimal(0))
    assert "互相抵清" in _sheet(_get(as_actor(books.county.finance), "export", row.id))


def test_the_csv_of_a_closed_month_has_the_checksum_of_its_closing(
    books: Books,
) -> None:
    row = world.recorded(books)
    slips.acknowledge(books.township.finance, row.id)
    office = as_actor(books.county.office)
    draw = {"consortium": str(books.consortium.id), "month": MONTH}
    as_actor(books.county.finance).post(reverse("clearing:draw"), draw)
    statement = books.county.finance, books.township.finance
    for who in statement:
        confirming.confirm(who, _only_statement())
    office.post(reverse("clearing:close"), draw)
    closed = ClosedPeriod.objects.get()
    answer = _get(office, "books_csv", month=MONTH)
    assert hashlib.sha256(answer.content).hexdigest() == closed.digest
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == 4
    assert sum(float(x["debit"] or 0) for x in rows) == 280.0
    assert closed.digest in _sheet(_get(office, "books_export", month=MONTH))


def _only_statement() -> Any:
    return Statement.objects.get().id


def test_closing_asks_for_a_note_over_a_dispute(books: Books) -> None:
    row = world.drawn(books)
    objection = Objection(Reason.NOT_DONE, "没有做")
    disputing.dispute(books.township.finance, row.id, objection=objection)
    office = as_actor(books.county.office)
    told = {"consortium": str(books.consortium.id), "month": MONTH, "note": ""}
    assert "关账说明" in plain(_get(office, "periods"))
    assert office.post(reverse("clearing:close"), told).status_code == 422
    done = office.post(reverse("clearing:close"), told | {"note": "年底前核清"})
    assert done.status_code == 302
    again = office.post(reverse("clearing:close"), told | {"note": "x"})
    assert again.status_code == 409


def test_a_member_sees_its_own_months_only(books: Books) -> None:
    world.posted(books, 1400)
    world.posted(books, 999900, debtor=books.second)
    page = plain(_get(as_actor(books.township.finance), "periods"))
    assert "14.00" in page
    assert "9,999" not in page
    closing_form = reverse("clearing:close")
    told = {"consortium": str(books.consortium.id), "month": MONTH}
    answer = as_actor(books.township.finance).post(closing_form, told)
    assert answer.status_code == 403


def test_a_house_sees_only_its_own_books(books: Books) -> None:
    world.posted(books, 1400)
    page = words(_get(as_actor(books.township.finance), "books_csv", month=MONTH))
    assert page.count("\n") == 3  # heads, cost, payable: not the county's side
    assert books.county.institution.code in page  # as counterparty


def test_odd_addresses_are_no_faults(books: Books) -> None:
    client = as_actor(books.county.finance)
    for query in ({"month": "2026-99"}, {"state": "?"}, {"cursor": "???"},
                  {"consortium": "x"}, {"tab": "?"}):  # fmt: skip
        for name in ("statements", "slips", "disputes"):
            assert _get(client, name, **query).status_code == 200
    assert _get(client, "books", consortium=str(new_id())).status_code == 404
    assert _get(client, "books", month="2999-01").status_code == 404
    draw = client.post(reverse("clearing:draw"), {"month": "x", "consortium": "y"})
    assert draw.status_code == 404


def test_lists_cost_the_same_for_one_row_and_for_many(books: Books) -> None:
    client = as_actor(books.county.finance)
    row = world.drawn(books)
    world.recorded(books)

    def cost(name: str, *args: object) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert _get(client, name, *args).status_code == 200
        return len(seen)

    names: list[tuple[str, tuple[object, ...]]] = [
        ("home", ()), ("slips", ()), ("statements", ()), ("books", ()),
        ("periods", ()), ("statement", (row.id,)),
    ]  # fmt: skip
    before = {name: [cost(name, *args) for _n in range(2)][1] for name, args in names}
    for number in range(8):
        world.posted(books, 100 + number, debtor=books.second)
        world.recorded(books, performed_on=timezone.localdate())
        world.posted(books, 100 + number)
    for name, args in names:
        assert cost(name, *args) <= before[name] + 1, name
