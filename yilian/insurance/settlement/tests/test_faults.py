"""What is refused, and where the refusal points."""

from datetime import date
from typing import Any

import pytest

from yilian.insurance.settlement.rules.case import (
    CaseWrong,
    Insurance,
    Insured,
    Service,
)
from yilian.insurance.settlement.rules.reading import read_case
from yilian.insurance.settlement.rules.result import Link
from yilian.insurance.settlement.tests.bills import fen, settled, shown, stay, visit


def _raw(**changes: Any) -> dict[str, Any]:
    service = {
        "id": "a", "kind": "inpatient", "tier": "primary", "referral": "first_contact",
        "admitted_on": "2018-03-01", "discharged_on": "2018-03-05",
        "lines": [{"catalog_class": "A", "amount": "10.00"}],
    }  # fmt: skip
    line = changes.pop("line", {})
    service["lines"] = [{"catalog_class": "A", "amount": "10.00", **line}]
    insured = {"type": "resident", **changes.pop("insured", {})}
    used = changes.pop("used", None)
    return {
        "id": "case",
        "insured": insured,
        "services": [{**service, **changes}],
        "used": used,
    }


def test_the_least_that_must_be_said() -> None:
    case = read_case(_raw())
    assert case.services[0].lines[0].amount == fen(10)


LINE = "services[0].lines[0]"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"line": {"amount": "-1.00"}}, f"{LINE}.amount", "负数"),
        ({"line": {"amount": "1.005"}}, f"{LINE}.amount", "两位小数"),
        ({"line": {"amount": "100000000.00"}}, f"{LINE}.amount", "超过"),
        ({"line": {"amount": "9" * 5000}}, f"{LINE}.amount", "超过"),
        ({"line": {"amount": 10}}, f"{LINE}.amount", "引号"),
        ({"line": {"amount": 10.5}}, f"{LINE}.amount", "引号"),
        ({"line": {"amount": "ten"}}, f"{LINE}.amount", "数字"),
        ({"line": {"amount": "NaN"}}, f"{LINE}.amount", "数字"),
        ({"line": {"amount": "１0"}}, f"{LINE}.amount", "数字"),
        ({"line": {"amount": None}}, f"{LINE}.amount", "引号"),
        ({"line": {"over_limit": "11.00"}}, f"{LINE}.over_limit", "大于"),
        (
            {"line": {"self_pay_first_rate": "1.1"}},
            f"{LINE}.self_pay_first_rate",
            "比例",
        ),
        ({"line": {"catalog_class": "D"}}, f"{LINE}.catalog_class", "A、B、C"),
        ({"line": {"on": "2018-02-28"}}, f"{LINE}.on", "不在"),
        ({"line": {"typo": 1}}, f"{LINE}.typo", "字段"),
        ({"lines": []}, "services[0].lines", "至少一条"),
        ({"tier": "galaxy"}, "services[0].tier", "village"),
        ({"kind": None}, "services[0].kind", "inpatient"),
        ({"referral": "friend"}, "services[0].referral", "first_contact"),
        ({"admitted_on": "2018-02-30"}, "services[0].admitted_on", "日期"),
        ({"admitted_on": "20180301"}, "services[0].admitted_on", "日期"),
        ({"discharged_on": "2018-02-28"}, "services[0].discharged_on", "早于"),
        ({"discharged_on": None}, "services[0].discharged_on", "日期"),
        ({"scheme": "two_disease"}, "services[0].scheme", "住院"),
        ({"months": 0}, "services[0].months", "1"),
        ({"months": True}, "services[0].months", "整数"),
        ({"voided": "no"}, "services[0].voided", "true"),
        ({"id": " "}, "services[0].id", "不空"),
        ({"insured": {"type": "alien"}}, "insured.type", "resident"),
        ({"insured": {"aid": "rich"}}, "insured.aid", "dibao"),
        ({"used": {"basic": "-1"}}, "used.basic", "负数"),
        ({"used": {"serious": "5"}}, "used.serious", "合规自付"),
    ],
)
def test_a_wrong_field_is_named(changes: Any, field: str, said: str) -> None:
    with pytest.raises(CaseWrong) as refused:
        read_case(_raw(**changes))
    assert refused.value.field == field
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "raw", [None, [], "x", {"id": "a"}, {"id": "a", "services": 1}]
)
def test_what_is_no_case_at_all_is_refused(raw: Any) -> None:
    with pytest.raises(CaseWrong):
        read_case(raw)


def _follow(name: str, before: str, *, day: int = 5, **more: Any) -> Service:
    how = more.pop("referral", "compliant_up")
    place = more.pop("place", "tertiary")
    return stay(name, place, 5000, day=day, referral=how, follows=before, **more)


@pytest.mark.parametrize(
    ("services", "field", "said"),
    [
        ([_follow("a", "nobody")], "services[0].follows", "没有编号"),
        ([_follow("a", "a", days=0)], "services[0].follows", "成环"),
        ([_follow("a", "b", days=0), _follow("b", "a", days=0)],
         "services[0].follows", "成环"),
        ([stay("a", "primary", 1), _follow("b", "a", day=3)],
         "services[1].follows", "早于"),
        ([stay("a", "primary", 1), stay("a", "primary", 1)], "services[1].id", "重复"),
        ([stay("a", "village", 1)], "services[0].tier", "住院待遇"),
        ([visit("a", "primary", 1, months=4)], "services[0].months", "最长 3"),
        ([visit("a", "primary", 1, scheme="special_disease", disease="luck")],
         "services[0].disease", "病种"),
        ([stay("a", "primary", 1, day=-100)], "services[0].discharged_on",
         "2018-01-01"),
        ([visit("a", "primary", 1, day=-100)], "services[0].admitted_on", "2018-01-01"),
    ],
)  # fmt: skip
def test_a_case_that_cannot_be_settled_says_where(
    services: list[Service], field: str, said: str
) -> None:
    with pytest.raises(CaseWrong) as refused:
        settled(*services)
    assert refused.value.field.startswith(field.removesuffix("[0].follows"))
    assert said in str(refused.value)


def test_a_day_before_the_first_value_is_said_with_both_days() -> None:
    with pytest.raises(CaseWrong, match="NX-DEMO-2018") as refused:
        settled(visit("a", "primary", 1, day=-100))
    assert str(date(2017, 11, 21)) in str(refused.value)


def test_two_disease_drugs_are_for_residents_only() -> None:
    employee = Insured(Insurance.EMPLOYEE)
    with pytest.raises(CaseWrong) as refused:
        settled(visit("a", "primary", 1, scheme="two_disease"), insured=employee)
    assert refused.value.field == "services[0].scheme"


def test_an_unknown_grade_is_refused_rather_than_guessed() -> None:
    with pytest.raises(CaseWrong) as refused:
        settled(stay("a", "primary", 1), insured=Insured(grade="9"))
    assert refused.value.field == "insured.grade"


def test_a_split_stay_needs_the_day_of_each_charge() -> None:
    with pytest.raises(CaseWrong) as refused:
        settled(
            stay("a", "primary", 1, day=290, days=30),
            overrides={"cross_year_mode": "SPLIT"},
        )
    assert refused.value.field == "services[0].lines[0].on"


@pytest.mark.parametrize(
    ("before", "after", "link", "due"),
    [
        ({}, {}, Link.JOINED, 800),
        ({}, {"day": 8}, Link.JOINED, 800),
        ({}, {"day": 9}, Link.TOO_LATE, 1000),
        ({"is_voided": True}, {}, Link.BEFORE_VOIDED, 1000),
        ({"referral": "non_compliant"}, {}, Link.BEFORE_NON_COMPLIANT, 1000),
        ({}, {"referral": "non_compliant"}, Link.SELF_NON_COMPLIANT, 1000),
        ({}, {"referral": "first_contact"}, Link.NOT_REFERRED, 1000),
        ({}, {"referral": "emergency_exempt"}, Link.JOINED, 800),
    ],
)
def test_when_a_stay_goes_on_with_the_deductible_before(
    before: Any, after: Any, link: Link, due: int
) -> None:
    _first, second = settled(
        stay("a", "primary", 5000, **before), _follow("b", "a", **after)
    )
    assert second.parts[0].link is link
    assert second.amount("deductible_due") == fen(due)


def test_a_stay_after_a_visit_begins_its_own_chain() -> None:
    _visit, second = settled(visit("a", "primary", 50), _follow("b", "a", day=1))
    assert second.parts[0].link is Link.BEFORE_NOT_A_STAY


def test_a_voided_stay_in_the_middle_parts_the_chain() -> None:
    first, gone, last = settled(
        stay("a", "primary", 5000),
        _follow("b", "a", place="secondary", is_voided=True),
        _follow("c", "b", day=10),
    )
    assert gone.parts == ()
    assert gone.amount("patient_pay") == 0
    assert shown(first, "deductible_due") == ["200.00"]
    assert shown(last, "deductible_due") == ["1000.00"]


def test_a_chain_over_new_year_stays_one_unless_the_region_says_otherwise() -> None:
    chain = (
        stay("a", "primary", 5000, day=300, days=5),
        _follow("b", "a", day=305, days=10),
    )
    assert shown(settled(*chain)[1], "deductible_due") == ["800.00"]
    again = settled(*chain, overrides={"chain_resets_at_new_year": True})
    assert shown(again[1], "deductible_due") == ["1000.00"]
