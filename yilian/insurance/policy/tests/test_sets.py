"""Sets of parameters: files, days, overrides, and what is wrong with them."""

from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest

from yilian.insurance.policy.rules.files import (
    SetWrong,
    UnknownSet,
    parse_set,
    shipped,
    shipped_set,
)
from yilian.insurance.policy.rules.keys import KEYS
from yilian.insurance.policy.rules.overrides import overridden
from yilian.insurance.policy.rules.sets import NothingInForce

DAY = date(2018, 6, 1)
RATIO = "inpatient.ratio.resident.any.tertiary"


def _demo_text() -> str:
    folder = resources.files("yilian.insurance.policy.sets")
    return folder.joinpath("NX-DEMO-2018.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", shipped())
def test_every_set_that_ships_is_whole(name: str) -> None:
    found = shipped_set(name)
    in_force = found.on(DAY)
    assert in_force.is_complete
    assert {row.source for row in found.rows} == {"demo"}
    assert {row.key for row in found.rows} == set(KEYS)


def test_a_value_is_known_by_its_path_set_version_day_and_ground() -> None:
    found = shipped_set("NX-DEMO-2018").on(DAY)
    reference = found.reference("outpatient.visit_limit", "resident", "any", "primary")
    assert reference.id == "outpatient.visit_limit.resident.any.primary"
    assert (reference.set_id, reference.version) == ("NX-DEMO-2018", "1")
    assert (reference.clause, reference.value) == ("NX-3.2-b", "60")


def test_a_day_before_the_first_value_has_none_and_says_so() -> None:
    with pytest.raises(NothingInForce, match="2018-01-01"):
        shipped_set("NX-DEMO-2018").on(date(2017, 12, 31)).value("repeat_factor")


def test_the_primary_limits_rise_by_a_dated_change() -> None:
    raised = shipped_set("NX-DEMO-2019")
    limits = [
        raised.on(day).value("outpatient.visit_limit", "resident", "any", "primary")
        for day in (date(2018, 12, 31), date(2019, 1, 1))
    ]
    assert limits == [Decimal(60), Decimal(80)]
    assert raised.changes == (date(2018, 1, 1), date(2019, 1, 1))


def test_an_unknown_set_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownSet, match="NX-DEMO-2018"):
        shipped_set("NX-1900")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('value = "0.10"', 'value = "1.10"', "比例不能大于 1"),
        ('value = "0.10"', "value = 0.10", "带引号"),
        ('value = "0.10"', 'value = "-0.10"', "负数"),
        ('value = "0.10"', 'value = "0.12345"', "4 位小数"),
        ("value = 3\n", "value = -3\n", "0 到"),
        ('"DISCHARGE_YEAR"', '"SOMETIMES"', "SPLIT"),
        ('[["repeat_factor"]]', '[["repeat_fcator"]]', "没有这个参数"),
        ('village = "0.70", primary = "0.60"', 'primary = "0.60"', "village: 缺少"),
        ('employee = { any = "200000" }', 'employee = { all = "2" }', "all: 没有"),
        ('clause = "D4"', 'clause = "D4000"', "没有条款"),
        ('{ from = "0", ratio = "0.60" }, ', "", "从 0 开始"),
        ('version = "1"\n', "version = 1\n", "文字"),
        ('id = "NX-DEMO-2018"\n', "", "id: 缺少"),
        ("[[", "[", "TOML"),
    ],
)
def test_what_is_wrong_with_a_set_is_said(old: str, new: str, said: str) -> None:
    text = _demo_text()
    assert old in text
    with pytest.raises(SetWrong, match=said):
        parse_set(text.replace(old, new, 1))


def test_gaps_and_double_values_are_found() -> None:
    ended = '[["chain_gap_days"]]\neffective_from = 2018-01-01\n'
    gap = ended + "effective_to = 2018-06-01\nvalue = 3\n\n"
    gap += '[["chain_gap_days"]]\neffective_from = 2018-07-01\n'
    with pytest.raises(SetWrong, match="从 2018-06-01 到 2018-07-01 没有值"):
        parse_set(_demo_text().replace(ended, gap, 1))
    twice = ended + "value = 3\n\n" + ended
    with pytest.raises(SetWrong, match="2018-01-01 有两个值"):
        parse_set(_demo_text().replace(ended, twice, 1))
    late = ended.replace("2018-01-01", "2018-02-01")
    with pytest.raises(SetWrong, match="从 2018-01-01 到 2018-02-01 没有值"):
        parse_set(_demo_text().replace(ended, late, 1))


def _ratio(changes: dict[str, Any], day: date = DAY) -> Any:
    found = overridden(shipped_set("NX-DEMO-2018"), changes).on(day)
    return found.value("inpatient.ratio", "resident", "any", "tertiary")


def test_an_override_reaches_one_leaf_or_all_below_a_path() -> None:
    assert _ratio({RATIO: "0.5"}) == Decimal("0.5")
    assert _ratio({"inpatient.ratio.resident": "0.4"}) == Decimal("0.4")
    assert _ratio(
        {"inpatient": {"ratio": {"resident": {"any": {"tertiary": "0.3"}}}}}
    ) == (Decimal("0.3"))
    assert _ratio({"inpatient.ratio.resident.any": {"primary": "0.9"}}) == Decimal(
        "0.60"
    )


def test_an_override_may_begin_on_a_day() -> None:
    changes = {f"{RATIO}@2018-07-01": "0.5"}
    assert _ratio(changes, date(2018, 6, 30)) == Decimal("0.60")
    assert _ratio(changes, date(2018, 7, 1)) == Decimal("0.5")


def test_a_new_group_begins_as_a_copy_of_everybody() -> None:
    changes = {"inpatient.ratio.resident.7.tertiary": "0.99"}
    found = overridden(shipped_set("NX-DEMO-2018"), changes)
    row = found.on(DAY).of_group("inpatient.ratio", "resident", "7")
    assert row["tertiary"] == Decimal("0.99")
    assert row["primary"] == Decimal("0.85")
    assert "7" in found.grades


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("nothing", "1", "没有这个参数"),
        (f"{RATIO}.more", "1", "没有这一项"),
        ("inpatient.ratio.resident.any.tert", "0.1", "没有这一项"),
        ("inpatient.ratio.martian.any.tertiary", "0.1", "没有这一项"),
        (RATIO, "1.5", "不能大于 1"),
        (RATIO, 0.5, "引号"),
        (f"{RATIO}@soon", "0.5", "日期"),
        ("chain_gap_days", "3", "整数"),
        ("chain_gap_days", {"a": 1}, "整数"),
    ],
)
def test_a_wrong_override_names_its_path(path: str, value: Any, said: str) -> None:
    with pytest.raises(SetWrong, match=said) as refused:
        overridden(shipped_set("NX-DEMO-2018"), {path: value})
    assert refused.value.problems[0].path.split(".")[0] in path
