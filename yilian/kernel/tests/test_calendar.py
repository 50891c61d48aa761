"""Working days of China, and deadlines that can be paused."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.kernel.calendar import (
    CHINA,
    Pause,
    add_working_days,
    add_working_time,
    is_beyond_known,
    is_working_day,
    known_until,
    local,
    local_day,
    next_working_day,
    remaining,
    shift_deadline,
    shift_working_deadline,
    start_of_day,
    working_time,
)

moments = st.timedeltas(timedelta(0), timedelta(days=2191)).map(
    lambda after: datetime(2024, 1, 1, tzinfo=UTC) + after
)
durations = st.timedeltas(timedelta(0), timedelta(days=12))


def china(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        pytest.param(date(2026, 3, 2), True, id="星期一"),
        pytest.param(date(2026, 3, 1), False, id="星期日"),
        pytest.param(date(2025, 10, 1), False, id="国庆节"),
        pytest.param(date(2025, 9, 28), True, id="星期日调休上班"),
        pytest.param(date(2025, 10, 11), True, id="星期六调休上班"),
        pytest.param(date(2026, 2, 17), False, id="春节"),
        pytest.param(date(1990, 10, 1), True, id="未收录的早年，按星期"),
        pytest.param(date(2031, 1, 1), True, id="未收录的将来，按星期"),
    ],
)
def test_working_days_follow_the_published_holidays(day: date, works: bool) -> None:
    assert is_working_day(day) is works


def test_years_that_are_not_published_yet_are_data() -> None:
    day = date(known_until().year + 1, 10, 1)
    extra: Mapping[date, bool] = {day: False}
    assert is_beyond_known(day)
    assert not is_beyond_known(day, extra)
    assert not is_working_day(day, extra)
    assert not is_beyond_known(known_until())


def test_data_correct_a_published_year() -> None:
    assert not is_working_day(date(2026, 3, 2), {date(2026, 3, 2): False})


@pytest.mark.parametrize(
    ("submitted", "due"),
    [
        pytest.param(china(3, 2, 10), china(3, 5, 10), id="周一 10 点到周四 10 点"),
        pytest.param(china(3, 6, 10), china(3, 11, 10), id="周五到下周三"),
        pytest.param(china(3, 7, 15), china(3, 12), id="周六提交，周四零点"),
        pytest.param(china(3, 8, 23, 59), china(3, 12), id="周日深夜，周四零点"),
        pytest.param(china(3, 6, 23, 59), china(3, 11, 23, 59), id="周五深夜"),
        pytest.param(china(2, 13, 9), china(2, 25, 9), id="跨春节，周末调休上班"),
    ],
)
def test_a_routine_referral_is_due_in_three_working_days(
    submitted: datetime, due: datetime
) -> None:
    assert add_working_days(submitted, 3) == due


def test_the_hours_before_eight_in_utc_are_the_next_day_in_china() -> None:
    friday_night_utc = datetime(2026, 3, 6, 17, tzinfo=UTC)  # Saturday 1:00 in China
    assert local_day(friday_night_utc) == date(2026, 3, 7)
    assert add_working_days(friday_night_utc, 1) == china(3, 10)
    assert local(friday_night_utc).hour == 1
    assert start_of_day(date(2026, 3, 7)) == datetime(2026, 3, 6, 16, tzinfo=UTC)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        add_working_days(datetime(2026, 3, 2), 1)  # noqa: DTZ001


def test_counting_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="forwards"):
        add_working_days(china(3, 2), -1)
    with pytest.raises(ValueError, match="forwards"):
        add_working_time(china(3, 2), -timedelta(hours=1))


@given(moments, st.integers(0, 15))
def test_a_deadline_is_in_utc_and_on_a_working_day(moment: datetime, days: int) -> None:
    due = add_working_days(moment, days)
    assert due.tzinfo is UTC
    assert due >= moment
    assert is_working_day(local_day(due))


@given(moments, st.integers(0, 8), st.integers(0, 8))
def test_working_days_add_up(moment: datetime, first: int, then: int) -> None:
    in_two_steps = add_working_days(add_working_days(moment, first), then)
    assert in_two_steps == add_working_days(moment, first + then)


@given(moments, durations, st.integers(0, 8))
def test_who_submits_later_is_never_due_earlier(
    moment: datetime, later: timedelta, days: int
) -> None:
    assert add_working_days(moment + later, days) >= add_working_days(moment, days)


@given(moments, st.integers(0, 12))
def test_a_working_day_is_24_hours_of_working_time(moment: datetime, days: int) -> None:
    due = add_working_days(moment, days)
    assert working_time(moment, due) == timedelta(days=days)
    assert add_working_time(moment, timedelta(days=days)) == due


@given(moments, durations)
def test_adding_working_time_and_measuring_it_agree(
    moment: datetime, duration: timedelta
) -> None:
    assert working_time(moment, add_working_time(moment, duration)) == duration


def test_next_working_day_jumps_the_weekend() -> None:
    assert next_working_day(date(2026, 3, 6)) == date(2026, 3, 9)


DEADLINE = china(3, 5, 10)


def test_a_pause_moves_the_deadline_by_its_length() -> None:
    pause = Pause(china(3, 3, 8), china(3, 3, 20))
    assert shift_deadline(DEADLINE, [pause], china(3, 4)) == china(3, 5, 22)


def test_the_clock_stands_still_during_a_pause() -> None:
    pause = Pause(china(3, 3, 8))
    at_start = remaining(DEADLINE, [pause], china(3, 3, 8))
    a_week_later = remaining(DEADLINE, [pause], china(3, 10, 8))
    assert at_start == a_week_later == timedelta(days=2, hours=2)


def test_a_pause_after_the_deadline_does_not_revive_it() -> None:
    pause = Pause(china(3, 5, 11), china(3, 9))
    assert shift_deadline(DEADLINE, [pause], china(3, 10)) == DEADLINE
    assert remaining(DEADLINE, [pause], china(3, 5, 12)) == -timedelta(hours=2)


def test_a_pause_may_start_within_time_won_by_an_earlier_one() -> None:
    first = Pause(china(3, 4), china(3, 5))
    second = Pause(china(3, 5, 20), china(3, 6, 20))
    shifted = shift_deadline(DEADLINE, [second, first], china(3, 8))
    assert shifted == DEADLINE + timedelta(days=2)


def test_pauses_that_overlap_count_once() -> None:
    pauses = [Pause(china(3, 3), china(3, 4)), Pause(china(3, 3, 12), china(3, 4))]
    assert shift_deadline(DEADLINE, pauses, china(3, 5)) == china(3, 6, 10)


def test_a_weekend_of_waiting_gives_no_extra_working_time() -> None:
    due = china(3, 9, 10)  # Monday
    weekend = Pause(china(3, 6, 22), china(3, 9, 1))
    shifted = shift_working_deadline(due, [weekend], china(3, 9, 2))
    assert shifted == china(3, 9, 13)  # 2 hours of Friday, 1 hour of Monday
    day_off = Pause(china(3, 7, 1), china(3, 8, 1))
    assert shift_working_deadline(due, [day_off], china(3, 9)) == due
    too_late = Pause(china(3, 9, 11), china(3, 10))
    assert shift_working_deadline(due, [too_late], china(3, 10)) == due


pauses_strategy = st.lists(
    st.builds(
        lambda start, length: Pause(start, None if length is None else start + length),
        moments,
        st.none() | durations,
    ),
    max_size=4,
)


@given(moments, pauses_strategy, moments)
def test_pauses_never_shorten_a_clock(
    deadline: datetime, pauses: list[Pause], now: datetime
) -> None:
    assert shift_deadline(deadline, pauses, now) >= deadline


@given(moments, pauses_strategy, moments, durations)
def test_time_left_never_grows(
    deadline: datetime, pauses: list[Pause], now: datetime, later: timedelta
) -> None:
    assert remaining(deadline, pauses, now + later) <= remaining(deadline, pauses, now)
