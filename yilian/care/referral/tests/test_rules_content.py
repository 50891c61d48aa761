"""Clocks, hand-over, numbers, verdict, order of destinations: rules only."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.care.referral.rules import clocks, compliance, handover, numbers
from yilian.care.referral.rules.clocks import Limits
from yilian.care.referral.rules.compliance import Facts, Verdict, judge
from yilian.care.referral.rules.destination import Candidate, propose
from yilian.care.referral.rules.reasons import Urgency
from yilian.kernel.calendar import CHINA
from yilian.kernel.errors import Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.tier import Direction, Tier


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("urgency", "sent", "due"),
    [
        pytest.param(Urgency.STAT, "2026-10-01 03:00", "2026-10-01 03:10", id="急诊"),
        pytest.param(Urgency.URGENT, "2026-10-01 20:00", "2026-10-02 20:00", id="紧急"),
        pytest.param(
            Urgency.ROUTINE, "2026-11-16 10:00", "2026-11-19 10:00", id="平日"
        ),
        pytest.param(
            Urgency.ROUTINE, "2026-11-20 10:00", "2026-11-25 10:00", id="周末"
        ),
        pytest.param(
            Urgency.ROUTINE, "2026-09-30 10:00", "2026-10-10 10:00", id="国庆和调休"
        ),
    ],
)
def test_the_receiver_answers_by(urgency: Urgency, sent: str, due: str) -> None:
    assert clocks.answer_due(urgency, _at(sent), Limits()) == _at(due)


def test_a_pause_over_the_weekend_costs_a_working_clock_nothing() -> None:
    due = _at("2026-11-25 10:00")
    paused, resumed = _at("2026-11-21 09:00"), _at("2026-11-22 18:00")
    assert clocks.resumed(Urgency.ROUTINE, due, paused, resumed) == due
    later = clocks.resumed(Urgency.URGENT, due, paused, resumed)
    assert later - due == resumed - paused


def test_a_pause_after_the_deadline_revives_nothing() -> None:
    due = _at("2026-11-18 10:00")
    paused, resumed = _at("2026-11-18 11:00"), _at("2026-11-18 15:00")
    for urgency in Urgency:
        assert clocks.resumed(urgency, due, paused, resumed) == due


def test_a_clock_that_stands_still_does_not_run_out() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert clocks.is_overdue(now, None, now)
    assert not clocks.is_overdue(now, now - timedelta(hours=1), now)
    assert not clocks.is_overdue(None, None, now)


@pytest.mark.parametrize(
    ("way", "urgency", "missing"),
    [
        (Direction.UP, Urgency.ROUTINE, {"complaint", "exam", "treatment"}),
        (Direction.UP, Urgency.STAT, {"complaint"}),
        (
            Direction.DOWN,
            Urgency.ROUTINE,
            {"discharge_summary", "drugs", "targets", "warning_signs", "upper_contact"},
        ),
        (Direction.SAME_TIER, Urgency.URGENT, {"complaint", "exam", "treatment"}),
    ],
)
def test_what_must_go_with_the_patient(
    way: Direction, urgency: Urgency, missing: set[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        handover.check(handover.SECTIONS[way], {"complaint": "  "}, urgency=urgency)
    assert set(refused.value.fields) == missing


@pytest.mark.parametrize("wrong", ["胸痛\x00", "长" * (handover.LONGEST + 1)])
def test_a_section_refuses_what_cannot_be_kept_at_its_field(wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        handover.tidy(handover.SECTIONS[Direction.UP], {"complaint": wrong})
    assert set(refused.value.fields) == {"complaint"}


def test_only_known_sections_are_kept() -> None:
    kept = handover.tidy(handover.FEEDBACK, {"diagnosis": " 高血压 ", "x": "1"})
    assert kept == {"diagnosis": "高血压"}


def test_a_number_is_found_however_it_is_typed() -> None:
    number = numbers.new_number(date(2026, 11, 21))
    assert number.startswith("Z261121-")
    assert numbers.tidy(number.lower().replace("-", " ")) == number
    assert numbers.tidy("Z261121") is None
    assert numbers.tidy("") is None


@given(st.integers(1, 12), st.sampled_from("0123456789" + numbers.ALPHABET))
def test_one_wrong_character_in_a_number_is_always_caught(at: int, other: str) -> None:
    bare = numbers.new_number(date(2026, 11, 21)).replace("-", "")
    wrong = bare[:at] + other + bare[at + 1 :]
    assert wrong == bare or numbers.tidy(wrong) is None


@given(st.integers(1, 11))
def test_two_swapped_neighbours_in_a_number_are_always_caught(at: int) -> None:
    bare = numbers.new_number(date(2026, 11, 21)).replace("-", "")
    wrong = bare[:at] + bare[at + 1] + bare[at] + bare[at + 2 :]
    assert wrong == bare or numbers.tidy(wrong) is None


SENT = _at("2026-11-16 10:00")
ORDERLY = Facts(
    direction=Direction.UP,
    urgency=Urgency.ROUTINE,
    has_agreement=True,
    shares_consortium=True,
    made_by_physician=True,
    submitted_at=SENT,
    accepted_at=SENT + timedelta(hours=2),
    arrived_at=SENT + timedelta(days=1),
    valid_until=SENT + timedelta(days=14),
    emergency_filed_by=SENT + timedelta(days=8),
    skips_tier=False,
    skip_reason="",
    age=40,
)
_LATE = {"accepted_at": SENT + timedelta(days=2)}


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        pytest.param({}, Verdict.COMPLIANT_UP, id="逐级、先接收后到诊"),
        pytest.param({"arrived_at": None}, Verdict.PENDING, id="尚未到诊"),
        pytest.param(_LATE, Verdict.NON_COMPLIANT, id="到诊后才接收"),
        pytest.param(
            {"arrived_at": SENT + timedelta(days=15)},
            Verdict.NON_COMPLIANT,
            id="过了有效期",
        ),
        pytest.param(
            {"arrived_at": SENT + timedelta(days=14)},
            Verdict.NON_COMPLIANT,
            id="有效期终点不含",
        ),
        pytest.param({"skips_tier": True}, Verdict.NON_COMPLIANT, id="越级无理由"),
        pytest.param(
            {"skips_tier": True, "skip_reason": "no_bed"},
            Verdict.COMPLIANT_UP,
            id="越级有理由",
        ),
        pytest.param(
            {"made_by_physician": False}, Verdict.NON_COMPLIANT, id="非医师开具"
        ),
        pytest.param(
            {"has_agreement": False, "shares_consortium": False},
            Verdict.COMPLIANT_UP,
            id="没有协议不影响合规",
        ),
        pytest.param(
            {"direction": Direction.DOWN, "made_by_physician": False},
            Verdict.COMPLIANT_DOWN,
            id="下转只看接收",
        ),
        pytest.param(
            {"direction": Direction.DOWN, **_LATE},
            Verdict.NON_COMPLIANT,
            id="下转晚接收",
        ),
        pytest.param(
            {"direction": Direction.SAME_TIER},
            Verdict.COMPLIANT_SAME_TIER,
            id="平转",
        ),
        pytest.param(
            {**_LATE, "urgency": Urgency.STAT},
            Verdict.EMERGENCY_EXEMPT,
            id="急诊按时补办",
        ),
        pytest.param(
            {
                **_LATE,
                "urgency": Urgency.STAT,
                "emergency_filed_by": SENT - timedelta(days=1),
            },
            Verdict.NON_COMPLIANT,
            id="急诊补办过时",
        ),
        pytest.param({**_LATE, "age": 65}, Verdict.EXEMPT_PERSON, id="65 岁"),
        pytest.param({**_LATE, "age": 64}, Verdict.NON_COMPLIANT, id="64 岁"),
        pytest.param({**_LATE, "age": 6}, Verdict.EXEMPT_PERSON, id="6 岁"),
        pytest.param({**_LATE, "age": 7}, Verdict.NON_COMPLIANT, id="7 岁"),
        pytest.param({**_LATE, "age": None}, Verdict.NON_COMPLIANT, id="年龄不详"),
        pytest.param(
            {**_LATE, "exempt_tags": frozenset({"severe_mental"})},
            Verdict.EXEMPT_PERSON,
            id="严重精神障碍",
        ),
        pytest.param(
            {**_LATE, "is_planned_return": True},
            Verdict.EXEMPT_PERSON,
            id="约定复诊",
        ),
    ],
)
def test_does_it_follow_the_rules(told: dict[str, Any], verdict: Verdict) -> None:
    assert judge(replace(ORDERLY, **told)).verdict is verdict


def test_a_verdict_keeps_every_question_with_its_ground() -> None:
    kept = judge(ORDERLY).as_json()
    assert kept["verdict"] == "compliant_up"
    assert {check["key"] for check in kept["checks"]} >= {
        "agreement", "order", "accepted", "validity", "ladder", "emergency", "person",
    }  # fmt: skip
    assert all(check["clause"] and check["question"] for check in kept["checks"])
    assert set(compliance.VERDICT_NAMES) == set(Verdict)


def _candidate(name: str, **facts: Any) -> Candidate:
    known: dict[str, Any] = {
        "institution_id": new_id(),
        "name": name,
        "tier": Tier.SECONDARY,
        "department_id": new_id(),
        "department_name": "心内科",
        "consortium_names": ("永宁县医共体",),
        "has_agreement": True,
        "is_chosen": False,
        "free_beds": 3,
        "next_slot_at": None,
        "km": 20.0,
        "minutes": 35,
    }
    return Candidate(**(known | facts))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param({}, {"department_id": None}, id="能诊治的在前"),
        pytest.param({"minutes": 90}, {"consortium_names": ()}, id="医联体内在前"),
        pytest.param({"minutes": 90}, {"tier": Tier.TERTIARY}, id="逐级在前"),
        pytest.param({"minutes": 90}, {"has_agreement": False}, id="有协议在前"),
        pytest.param({"minutes": 90, "is_chosen": True}, {}, id="签约机构在前"),
        pytest.param({"minutes": 90}, {"free_beds": 0}, id="有床在前"),
        pytest.param({"minutes": 20}, {"minutes": 30}, id="近的在前"),
    ],
)
def test_which_place_comes_first(better: dict[str, Any], worse: dict[str, Any]) -> None:
    two = [_candidate("乙", **worse), _candidate("甲", **better)]
    found = propose(Tier.PRIMARY, Urgency.ROUTINE, two)
    assert [proposal.candidate.name for proposal in found] == ["甲", "乙"]


def test_in_an_emergency_minutes_come_before_the_consortium() -> None:
    near = _candidate("近", minutes=10, consortium_names=(), has_agreement=False)
    own = _candidate("联体内", minutes=60)
    found = propose(Tier.PRIMARY, Urgency.STAT, [own, near])
    assert [proposal.candidate.name for proposal in found] == ["近", "联体内"]
    assert all(proposal.has_green_lane for proposal in found)
    told = [str(because.text) for proposal in found for because in proposal.because]
    assert "没有有效的双向转诊协议，急诊仍走绿色通道" in told
    assert not any("绿色通道未开通" in words for words in told)


def test_a_missing_agreement_is_said_and_never_hides_a_place() -> None:
    [found] = propose(
        Tier.PRIMARY, Urgency.ROUTINE, [_candidate("甲", has_agreement=False)]
    )
    assert not found.has_green_lane
    assert any("绿色通道未开通" in str(because.text) for because in found.because)
    assert all(because.clause.id for because in found.because)
