"""How things are said to people, as a clerk would check it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from yilian.interfaces.web import words
from yilian.kernel.text import Text

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # noon in Ningxia


@pytest.mark.parametrize(
    ("on", "chinese", "english"),
    [
        pytest.param(date(2026, 11, 21), "11月21日", "21 Nov", id="今年"),
        pytest.param(date(2025, 1, 3), "2025年1月3日", "3 Jan 2025", id="去年"),
        pytest.param(None, "—", "—", id="没有日期"),
        pytest.param(
            datetime(2026, 11, 21, 17, tzinfo=UTC), "11月22日", "22 Nov", id="已过零点"
        ),
    ],
)
def test_a_day_is_said_with_its_year_only_when_it_is_another(
    on: date | None, chinese: str, english: str
) -> None:
    assert words.day(on, TODAY) == chinese
    with translation.override("en"):
        assert words.day(on, TODAY) == english


def test_a_moment_is_told_in_the_time_of_ningxia() -> None:
    assert words.moment(NOW, TODAY) == "11月22日 12:00"
    assert words.hour(NOW) == "12:00"
    assert words.full_day(TODAY) == "2026年11月22日"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "刚刚"),
        (59, "刚刚"),
        (60, "1 分钟前"),
        (3599, "59 分钟前"),
        (3600, "1 小时前"),
        (86400, "1 天前"),
        (6 * 86400, "6 天前"),
    ],
)
def test_how_long_ago(seconds: int, said: str) -> None:
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(
    ("left", "figure", "unit", "state", "due"),
    [
        pytest.param(462, "07:42", "", "running", "12:07", id="不足一小时"),
        pytest.param(3 * 3600 + 720, "3:12", "小时", "running", "15:12", id="当天"),
        pytest.param(2 * 86400 + 5, "2 天", "", "running", "11月24日", id="几天"),
        pytest.param(-720, "+12:00", "已超时", "overdue", "11:48", id="超时"),
        pytest.param(-90000, "+1 天", "已超时", "overdue", "11:00", id="超时很久"),
    ],
)
def test_a_clock_shows_what_is_left(
    left: int, figure: str, unit: str, state: str, due: str
) -> None:
    face = words.clock_face(NOW + timedelta(seconds=left), now=NOW)
    assert (face.figure, face.unit, face.state, face.due) == (figure, unit, state, due)


def test_a_paused_clock_does_not_count() -> None:
    face = words.clock_face(NOW - timedelta(days=1), paused=True, now=NOW)
    assert (face.figure, face.state) == ("暂停", "paused")
    assert words.clock_face(None).state == "none"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(minutes=16), "16 分钟"),
        (timedelta(hours=3, minutes=20), "3 小时 20 分"),
        (timedelta(days=2, hours=5), "2 天"),
        (timedelta(seconds=-5), "0 分钟"),
        (None, "—"),
    ],
)
def test_a_length_of_time_has_at_most_two_units(
    length: timedelta | None, said: str
) -> None:
    assert words.lasting(length) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (Decimal("6500"), "6,500.00"),
        (Decimal("-4275"), "−4,275.00"),
        (Decimal("0.005"), "0.00"),
        (Decimal("-0.001"), "0.00"),
        (0, "0.00"),
        (None, "—"),
    ],
)
def test_money_has_two_places_and_a_true_minus(
    amount: Decimal | None, said: str
) -> None:
    assert words.yuan(amount) == said


@pytest.mark.parametrize(
    ("born_on", "said"),
    [
        (date(1968, 11, 22), "58 岁"),
        (date(1968, 11, 23), "57 岁"),
        (date(2026, 11, 1), "21 天龄"),
        (date(2024, 5, 22), "30 月龄"),
        (date(2023, 11, 22), "3 岁"),
        (None, "—"),
    ],
)
def test_age_is_told_as_doctors_tell_it(born_on: date | None, said: str) -> None:
    assert words.age(born_on, TODAY) == said


def test_nothing_counted_is_a_dash_and_not_zero() -> None:
    assert words.percent(None) == "—"
    assert words.percent(Decimal("93.5")) == "93.5 %"
    assert words.number(33304) == "33,304"


def test_a_marked_text_is_filled_with_its_own_marked_values() -> None:
    said = Text(
        "当前为“{state}”，可以：{allowed}。",
        {"state": "已到诊", "allowed": ["完成", "转荐"]},
    )
    assert words.text(said) == "当前为“已到诊”，可以：完成、转荐。"


@pytest.mark.parametrize("nothing", ["", None, []])
def test_an_empty_text_stays_empty(nothing: object) -> None:
    # gettext("") would answer with the header of the catalogue.
    with translation.override("en"):
        assert words.text(nothing) == ""


def test_braces_in_a_value_are_not_taken_for_places() -> None:
    assert (
        words.text(Text("原因：{why}", {"why": "{state} {0} %s"}))
        == "原因：{state} {0} %s"
    )
