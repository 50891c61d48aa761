"""The price catalogue: one price of an item on a day, and none overwritten."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from yilian.foundation.access.actor import Actor, Role
from yilian.insurance.policy.models import PriceItem
from yilian.insurance.policy.queries import catalogue, price_of, prices_on
from yilian.insurance.policy.rules.price_file import BadLine, GoodLine, read_prices
from yilian.insurance.policy.rules.prices import (
    CatalogClass,
    Held,
    PriceKind,
    PriceThere,
    place_of,
)
from yilian.insurance.policy.services import prices
from yilian.insurance.policy.tests.cast import bureau, hospital, wanted
from yilian.insurance.policy.tests.test_drafting import at_once
from yilian.kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from yilian.kernel.ids import new_id

FIRST = date(2024, 1, 1)
HEAD = (
    "code,kind,name,specification,unit,price,catalog_class,first_self_pay_rate,"
    "starts_on,source\n"
)


def tomorrow() -> date:
    return timezone.localdate() + timedelta(days=1)


def put(keeper: Actor, price: str, day: date = FIRST, area: str = "64") -> None:
    prices.set_price(keeper, key=new_id(), wanted=wanted(price, day), area_code=area)


@pytest.mark.django_db
def test_a_new_price_closes_the_one_before_and_the_old_days_keep_theirs(
    keeper: Actor,
) -> None:
    put(keeper, "10.00")
    put(keeper, "12.00", tomorrow())
    today = price_of("T001", timezone.localdate())
    assert today is not None
    assert today.price == Decimal("10.00")
    later = price_of("T001", tomorrow(), "640121")
    assert later is not None
    assert later.price == Decimal("12.00")
    assert price_of("T001", date(2023, 12, 31)) is None
    assert price_of("T002", tomorrow()) is None


@pytest.mark.django_db
def test_what_was_charged_yesterday_is_not_changed(keeper: Actor) -> None:
    put(keeper, "10.00")
    for day in (FIRST, FIRST + timedelta(days=30)):
        with pytest.raises(PriceThere):
            put(keeper, "12.00", day)
    put(keeper, "12.00", tomorrow())
    put(keeper, "11.00", timezone.localdate())
    lines = catalogue.history(keeper, "T001")
    assert [line.price for line in lines] == [Decimal(12), Decimal(11), Decimal(10)]
    assert [line.ends_on for line in lines] == [None, tomorrow(), timezone.localdate()]


@pytest.mark.django_db
def test_the_nearest_area_that_has_a_price_decides(keeper: Actor) -> None:
    put(keeper, "10.00")
    put(bureau(Role.PRICING, "640100"), "15.00", area="6401")
    for area, price in (("640121", "15.00"), ("6402", "10.00"), ("64", "10.00")):
        assert prices_on(["T001"], FIRST, area)["T001"].price == Decimal(price)


@pytest.mark.django_db
def test_an_item_is_ended_for_a_reason_and_not_in_the_past(keeper: Actor) -> None:
    put(keeper, "10.00")
    with pytest.raises(Invalid):
        prices.end_price(keeper, code="T001", ends_on=FIRST, reason="停用")
    with pytest.raises(Invalid):
        prices.end_price(keeper, code="T001", ends_on=tomorrow(), reason=" ")
    prices.end_price(keeper, code="T001", ends_on=tomorrow(), reason="项目合并")
    assert price_of("T001", timezone.localdate()) is not None
    assert price_of("T001", tomorrow()) is None
    with pytest.raises(NotFound):
        prices.end_price(keeper, code="T001", ends_on=tomorrow(), reason="再次")
    put(keeper, "20.00", tomorrow() + timedelta(days=30))
    with pytest.raises(Conflict, match="另有价格"):
        prices.end_price(keeper, code="T001", ends_on=tomorrow(), reason="再次")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "may"),
    [
        (lambda: bureau(Role.PRICING), True),
        (lambda: bureau(Role.PRICING, "640100"), False),
        (lambda: bureau(Role.INSURER), False),
        (lambda: bureau(Role.OFFICER), False),
        (lambda: hospital(Role.FINANCE), False),
        (lambda: hospital(Role.PHYSICIAN), False),
    ],
    ids=["pricing", "pricing of a city", "insurer", "officer", "finance", "physician"],
)
def test_who_keeps_prices_of_the_region_and_who_only_reads(
    who: Callable[[], Actor], may: bool, keeper: Actor
) -> None:
    put(keeper, "10.00")
    actor = who()
    acts = (
        lambda: put(actor, "12.00", tomorrow()),
        lambda: prices.end_price(actor, code="T001", ends_on=tomorrow(), reason="停"),
        lambda: prices.import_prices(actor, HEAD.encode()),
    )
    assert len(catalogue.history(actor, "T001")) == 1
    for act in acts if not may else acts[:1]:
        if may:
            act()
            continue
        with pytest.raises(NotPermitted, match="价格管理"):
            act()


@pytest.mark.django_db
def test_the_database_refuses_two_prices_on_a_day_and_a_changed_price(
    keeper: Actor,
) -> None:
    put(keeper, "10.00")
    row = PriceItem.objects.values().get()
    for facts, said in (
        ({}, "price_one_on_a_day"),
        ({"kind": "drug", "validity": DateRange(date(2020, 1, 1), date(2021, 1, 1))},
         "price_code_is_of_one_kind"),
        ({"area_code": "6401", "price": Decimal(-1)}, "price_not_below_zero"),
        ({"area_code": "6401", "first_self_pay_rate": Decimal("0.1")},
         "price_first_self_pay_of_class_b"),
        ({"area_code": "6401", "validity": DateRange(None, FIRST)},
         "price_begins_on_a_day"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match=said), transaction.atomic():
            PriceItem.objects.create(**(row | facts | {"id": new_id()}))
    for act in (
        lambda: PriceItem.objects.update(price=Decimal(1)),
        lambda: PriceItem.objects.all().delete(),
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
        ):
            act()


@pytest.mark.django_db(transaction=True)
def test_two_prices_at_once_are_one_price(keeper: Actor) -> None:
    put(keeper, "10.00")
    other = bureau(Role.PRICING)
    outcomes = at_once(
        lambda: put(keeper, "11.00", tomorrow()),
        lambda: put(other, "12.00", tomorrow()),
    )
    assert set(outcomes) == {None, PriceThere}
    assert PriceItem.objects.count() == 2


@pytest.mark.django_db
def test_the_same_form_twice_sets_one_price(keeper: Actor) -> None:
    key = new_id()
    made = {prices.set_price(keeper, key=key, wanted=wanted()) for _ in range(2)}
    assert len(made) == 1


def rows(*lines: str) -> bytes:
    return (HEAD + "\n".join(lines)).encode()


@pytest.mark.django_db
def test_a_list_is_loaded_its_bad_lines_are_told_and_again_it_changes_nothing(
    keeper: Actor,
) -> None:
    content = rows(
        "A1,药品,二甲双胍片,0.5g×20片,盒,12.50,甲类,,2022-01-01,demo",
        "A1,药品,二甲双胍片,0.5g×20片,盒,9.80,甲类,,2024-03-01,demo",
        "A2,drug,瑞舒伐他汀片,10mg×7片,盒,8.005,B,10%,2024-01-01,demo",
        "A3,drug,氨氯地平片,5mg×7片,盒,-3,A,,2024-01-01,demo",
        "A4,宝物,某物,,个,3,A,,2024-01-01,demo",
        "A5,drug,氨氯地平片,5mg×7片,盒,3,A,10%,2024-01-01,demo",
        "A1,service,换了类别,,次,3,A,,2026-01-01,demo",
        "A6,service,日期不对,,次,3,A,,2024-13-01,demo",
        "A7,service,,,次,3,A,,2024-01-01,demo",
        "A9,tele_service,远程心电诊断,,次,25,乙类,10%,2024-01-01,demo",
    )
    found = prices.import_prices(keeper, content)
    assert (found.made, found.unchanged) == (3, 0)
    assert [(bad.number, bad.column) for bad in found.bad] == [
        (4, "price"), (5, "price"), (6, "kind"), (7, "first_self_pay_rate"),
        (8, ""), (9, "starts_on"), (10, "name"),
    ]  # fmt: skip
    assert "第 4 行 A2 price" in str(found)
    again = prices.import_prices(keeper, content)
    assert (again.made, again.unchanged, len(again.bad)) == (0, 3, 7)
    held = prices_on(["A1", "A9"], date(2024, 3, 1))
    assert held["A1"].price == Decimal("9.80")
    assert held["A9"].first_self_pay_rate == Decimal("0.10")


@pytest.mark.parametrize("unit", ["计价单位", "单位"])
def test_a_list_in_the_words_and_letters_of_an_office_is_read(unit: str) -> None:
    text = f"编码,类别,名称,规格,{unit},价格,目录类别,先行自付比例,支付标准,"
    text += "生效日期,依据\n"
    text += 'b-1,医疗服务,"静脉采血,儿童",,次,"1,003.50",乙,5%,900,2024/01/01,某号\n'
    (line,) = read_prices(text.encode("gb18030"))
    assert isinstance(line, GoodLine)
    assert (line.wanted.code, line.wanted.price) == ("B-1", Decimal("1003.50"))
    assert line.wanted.unit == "次"
    assert line.wanted.kind is PriceKind.SERVICE
    assert line.wanted.catalog_class is CatalogClass.B
    assert line.wanted.payment_standard == Decimal(900)


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"code,name\n", b'"'])
def test_a_file_that_is_no_list_is_refused_as_a_whole(content: bytes) -> None:
    with pytest.raises(Invalid):
        list(read_prices(content))


@given(st.text(st.characters(exclude_characters="\x00"), max_size=200))
def test_whatever_stands_in_a_line_it_is_told(text: str) -> None:
    content = (HEAD + text).encode(errors="replace")
    for line in read_prices(content):
        assert isinstance(line, GoodLine | BadLine)


_DAYS = st.integers(0, 60).map(lambda n: FIRST + timedelta(days=n))


@given(st.lists(_DAYS, max_size=12), _DAYS)
def test_prices_follow_each_other_without_overlap(
    days: list[date], today: date
) -> None:
    held: list[Held] = []
    for start in days:
        try:
            place = place_of(start, held, today)
        except PriceThere:
            continue
        assert start >= today or place.closes is None
        if place.closes:
            held.remove(place.closes)
            held.append(Held(place.closes.start, start))
        held.append(Held(start, place.end))
    held.sort(key=lambda one: one.start)
    for one, after in pairwise(held):
        assert one.end is not None
        assert one.end <= after.start


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("T00", 1), ("t001", 1), ("ychz", 1), ("会诊", 1), ("远", 1), ("远程会诊", 1),
        ("诊会", 0), ("X", 0), ("%", 0), ("'; --", 0), ("", 1), ("\x00", 1),
    ],
)  # fmt: skip
def test_items_are_found_by_code_name_and_initials(
    typed: str, found: int, keeper: Actor
) -> None:
    put(keeper, "10.00")
    asked = catalogue.read_asked(typed, "", "", timezone.localdate())
    assert len(catalogue.search(keeper, asked, None).lines) == found


@pytest.mark.django_db
def test_pages_of_the_catalogue_neither_skip_nor_repeat(keeper: Actor) -> None:
    lines = [f"C{n:03},drug,药{n},,盒,1,A,,2024-01-01,demo" for n in range(120)]
    prices.import_prices(keeper, rows(*lines))
    asked = catalogue.read_asked("", "drug", "2024-06-01", FIRST)
    seen: list[str] = []
    cursor: str | None = "nonsense"
    while cursor:
        page = catalogue.search(keeper, asked, cursor)
        seen += [line.code for line in page.lines]
        cursor = page.next
    assert seen == [f"C{n:03}" for n in range(120)]
