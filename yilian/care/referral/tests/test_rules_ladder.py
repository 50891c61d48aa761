"""Who is told when: the ladders as tables, and what must hold of every clock."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.care.referral.rules import clocks
from yilian.care.referral.rules.clocks import Limits
from yilian.care.referral.rules.ladder import (
    CLOCK_CLAUSES,
    LADDERS,
    Clock,
    Running,
    moments,
    plan,
    reached,
)
from yilian.care.referral.rules.ladder_limits import SHARES
from yilian.care.referral.rules.reasons import Urgency
from yilian.kernel.calendar import CHINA, Pause
from yilian.kernel.clause import Clause

ANSWER = LADDERS[Clock.ANSWER]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(text: str) -> datetime:
    """In China."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).astimezone(UTC)


def running(urgency: Urgency, sent: datetime, *pauses: Pause) -> Running:
    """As a referral's row tells it: each closed pause has put its due time off."""
    due = clocks.answer_due(urgency, sent, Limits())
    for pause in pauses:
        if pause.end is not None and pause.start < due:
            due = clocks.resumed(urgency, due, pause.start, pause.end)
    is_routine = urgency is Urgency.ROUTINE
    return Running(sent, due, pauses, in_working_time=is_routine)


def keys(clock: Running, now: datetime) -> list[str]:
    return [one.rung.key for one in reached(ANSWER, clock, now)]


def when(clock: Running, now: datetime) -> Mapping[str, str]:
    return {
        one.rung.key: f"{one.at.astimezone(CHINA):%m-%d %H:%M}"
        for one in moments(ANSWER, clock, now)
    }


@pytest.mark.parametrize(
    ("urgency", "sent", "expected"),
    [
        pytest.param(
            Urgency.STAT,
            "2026-03-02T10:00",
            ["03-02 10:05", "03-02 10:08", "03-02 10:10", "03-02 10:12", "03-02 10:15"],
            id="急诊 10 分钟",
        ),
        pytest.param(
            Urgency.STAT,
            "2026-10-01T23:55",
            ["10-02 00:00", "10-02 00:03", "10-02 00:05", "10-02 00:07", "10-02 00:10"],
            id="急诊不等节假日",
        ),
        pytest.param(
            Urgency.URGENT,
            "2026-03-06T10:00",
            ["03-06 22:00", "03-07 05:12", "03-07 10:00", "03-07 14:48", "03-07 22:00"],
            id="紧急 24 小时，周末照算",
        ),
        pytest.param(
            Urgency.ROUTINE,
            "2026-03-02T10:00",
            ["03-03 22:00", "03-04 19:36", "03-05 10:00", "03-06 00:24", "03-06 22:00"],
            id="常规 3 个工作日",
        ),
        pytest.param(
            Urgency.ROUTINE,
            "2026-03-06T10:00",
            ["03-09 22:00", "03-10 19:36", "03-11 10:00", "03-12 00:24", "03-12 22:00"],
            id="常规跨周末",
        ),
        pytest.param(
            Urgency.ROUTINE,
            "2026-03-07T09:00",
            ["03-10 12:00", "03-11 09:36", "03-12 00:00", "03-12 14:24", "03-13 12:00"],
            id="周六发出，周一零时起算",
        ),
        pytest.param(
            Urgency.ROUTINE,
            "2026-09-29T10:00",
            ["09-30 22:00", "10-08 19:36", "10-09 10:00", "10-10 00:24", "10-10 22:00"],
            id="常规跨国庆长假，10 月 10 日调休上班",
        ),
    ],
)
def test_when_each_rung_is_reached(
    urgency: Urgency, sent: str, expected: list[str]
) -> None:
    clock = running(urgency, at(sent))
    assert list(when(clock, at(sent)).values()) == expected


def test_a_question_shifts_the_rungs_that_were_not_reached_yet() -> None:
    """Asked after twelve minutes of an hour; nothing moves that was over before."""
    sent = at("2026-03-06T10:00")
    asked = Pause(sent + 13 * HOUR, sent + 20 * HOUR)
    times = when(running(Urgency.URGENT, sent, asked), sent + 21 * HOUR)
    assert times == {
        "half": "03-06 22:00",
        "soon": "03-07 12:12",
        "duty": "03-07 17:00",
        "office": "03-07 21:48",
        "next": "03-08 05:00",
    }


def test_a_weekend_within_a_pause_shifts_a_routine_clock_by_its_working_time() -> None:
    sent = at("2026-03-06T10:00")  # a Friday
    asked = Pause(at("2026-03-06T16:00"), at("2026-03-09T08:00"))  # 16 working hours
    times = when(running(Urgency.ROUTINE, sent, asked), at("2026-03-09T09:00"))
    assert times["duty"] == "03-12 02:00"


def test_while_a_question_is_open_no_further_rung_is_reached() -> None:
    sent = at("2026-03-02T10:00")
    clock = running(Urgency.STAT, sent, Pause(sent + 6 * MINUTE))
    assert keys(clock, sent + 30 * DAY) == ["half"]


@pytest.mark.parametrize(
    ("minutes", "fired", "told", "passed_over"),
    [
        pytest.param(4, [], None, [], id="还早"),
        pytest.param(5, [], "half", [], id="过半"),
        pytest.param(6, ["half"], None, [], id="已提醒"),
        pytest.param(10, ["half", "soon"], "duty", [], id="到时限"),
        pytest.param(60, [], "next", ["half", "soon", "duty", "office"], id="时钟跳变"),
        pytest.param(60, ["half", "soon", "duty"], "next", ["office"], id="停机后恢复"),
        pytest.param(60, ["next"], None, ["half", "soon", "duty", "office"],
                     id="最高一级已通知"),
    ],
)  # fmt: skip
def test_only_the_highest_rung_is_told_and_the_others_are_noted(
    minutes: int, fired: list[str], told: str | None, passed_over: list[str]
) -> None:
    sent = at("2026-03-02T10:00")
    found = reached(ANSWER, running(Urgency.STAT, sent), sent + minutes * MINUTE)
    firings = plan(found, fired)
    assert [one.rung.key for one in firings if one.is_told] == ([told] if told else [])
    assert [one.rung.key for one in firings if not one.is_told] == passed_over


def test_a_parameter_out_of_order_never_puts_a_rung_before_the_one_below() -> None:
    sent = at("2026-03-02T10:00")
    shares = {"half": 90, "soon": 20}
    times = [
        one.at for one in moments(ANSWER, running(Urgency.STAT, sent), sent, shares)
    ]
    assert times == sorted(times)


def test_every_rung_has_a_share_that_is_a_parameter_with_its_ground() -> None:
    for clock, rungs in LADDERS.items():
        assert isinstance(CLOCK_CLAUSES[clock], Clause)
        for rung in rungs:
            key = SHARES[clock][rung.key]
            assert key.default.on(date(2026, 1, 1)) == rung.percent
            assert key.clause is CLOCK_CLAUSES[clock]
            assert rung.tells, "a rung that tells nobody is no rung"
            assert set(rung.texts) <= set(rung.tells)


# --- what must hold of every clock ----------------------------------------------

SENT = st.integers(0, 650 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + minutes * MINUTE
)
GAPS = st.lists(st.integers(1, 60 * 60), max_size=6)  # minutes between acts
AFTER = st.integers(0, 30 * 24 * 60)


def pauses_of(sent: datetime, gaps: list[int]) -> list[Pause]:
    """Asked and answered in turn; the last question may be open."""
    turns = [sent]
    for gap in gaps:
        turns.append(turns[-1] + gap * MINUTE)
    acts = turns[1:]
    return [
        Pause(acts[n], acts[n + 1] if n + 1 < len(acts) else None)
        for n in range(0, len(acts), 2)
    ]


def known_at(pauses: list[Pause], now: datetime) -> tuple[Pause, ...]:
    """What stood on the row at that moment."""
    return tuple(
        Pause(p.start, p.end if p.end and p.end <= now else None)
        for p in pauses
        if p.start <= now
    )


@given(st.sampled_from(Urgency), SENT, GAPS, AFTER, AFTER)
def test_time_only_ever_adds_rungs(
    urgency: Urgency, sent: datetime, gaps: list[int], one: int, more: int
) -> None:
    pauses = pauses_of(sent, gaps)
    early, late = sent + one * MINUTE, sent + (one + more) * MINUTE
    before = keys(running(urgency, sent, *known_at(pauses, early)), early)
    after = keys(running(urgency, sent, *known_at(pauses, late)), late)
    assert after[: len(before)] == before


@given(st.sampled_from(Urgency), SENT, GAPS, AFTER)
def test_the_duty_is_told_exactly_when_the_answer_is_overdue(
    urgency: Urgency, sent: datetime, gaps: list[int], minutes: int
) -> None:
    now = sent + minutes * MINUTE
    known = known_at(pauses_of(sent, gaps), now)
    if known and known[-1].end is None:
        return  # the clock stands still
    clock = running(urgency, sent, *known)
    is_late = clocks.is_overdue(clock.due_at, None, now)
    assert ("duty" in keys(clock, now)) is is_late


@given(st.sampled_from([Urgency.STAT, Urgency.URGENT]), SENT, st.integers(1, 9), AFTER)
def test_a_pause_shifts_every_rung_above_it_by_its_own_length(
    urgency: Urgency, sent: datetime, begins: int, lasts: int
) -> None:
    pause = Pause(sent + begins * MINUTE, sent + (begins + lasts) * MINUTE)
    now = pause.end or sent
    plain = moments(ANSWER, running(urgency, sent), now)
    put_off = moments(ANSWER, running(urgency, sent, pause), now)
    for before, after in zip(plain, put_off, strict=True):
        shift = lasts * MINUTE if before.at > pause.start else timedelta(0)
        assert after.at - before.at == shift


@given(st.sampled_from(Urgency), SENT, st.lists(AFTER, max_size=8))
def test_looked_at_however_often_no_rung_fires_twice_and_one_at_most_at_a_time(
    urgency: Urgency, sent: datetime, looks: list[int]
) -> None:
    clock = running(urgency, sent)
    written: list[str] = []
    for minutes in sorted(looks):
        found = reached(ANSWER, clock, sent + minutes * MINUTE)
        firings = plan(found, written)
        assert sum(one.is_told for one in firings) <= 1
        written += [one.rung.key for one in firings]
    assert len(written) == len(set(written))
