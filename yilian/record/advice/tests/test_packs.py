"""Packs are data: checked when they are read, chosen by day."""

from datetime import date
from pathlib import Path

import pytest

from yilian.record.advice import texts
from yilian.record.advice.check_dates import check_within_days
from yilian.record.advice.evaluate import evaluate
from yilian.record.advice.fhir.read import read_facts
from yilian.record.advice.loading import in_force, load_folder, read_pack, shipped
from yilian.record.advice.schema import PackError
from yilian.record.advice.tests.person import TODAY, Resource, patient, pressure, sign
from yilian.record.advice.writing import SYMPTOMS, symptoms_page, texts_module

PACK = """
id = "trial"
version = "{version}"
title = "试行"
effective_from = {since}
[sources]
S = "来源"
[[rule]]
rule_id = "T-1"
direction = "up"
urgency = "routine"
source = ["S"]
title = "收缩压升高"
text = "上转"
when.any = [
  {{ code = "8480-6", op = ">=", value = {limit}, unit = "mm[Hg]", window_days = 1 }},
]
"""


def _pack(version: str = "1", since: str = "2020-01-01", limit: str = "140") -> str:
    return PACK.format(version=version, since=since, limit=limit)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[[rule]]", "[[rule]", "wrong.toml: "),
        ('direction = "up"', 'direction = "sideways"', "T-1.direction: 'sideways'"),
        ('source = ["S"]', 'source = ["X"]', "T-1: source 'X'"),
        ('text = "上转"', "", "T-1: field 'text' is missing"),
        ('text = "上转"', 'txt = "上转"', "T-1: unknown field 'txt'"),
        ('"8480-6"', '"8480-7"', "when.any[0].code: unknown code '8480-7'"),
        ('">="', '"="', "when.any[0].op: '=' is none of"),
        ("value = 140", 'value = "140"', "when.any[0].value: '140' is not a number"),
        ('"mm[Hg]"', '"kPa"', "when.any[0].unit: 8480-6 is read in mm[Hg]"),
        (", window_days = 1", "", "scope window needs window_days"),
        ("window_days = 1", "window_days = -1", "window_days: -1 is not a"),
        ("window_days = 1", "days = 1", "when.any[0]: unknown field 'days'"),
        ("when.any", "unless.any", "T-1: field 'when' is missing"),
        ("when.any", "when.some", "no kind of condition has some"),
        ("effective_from = 2020-01-01", "", "field 'effective_from' is missing"),
        ('title = "试行"', 'title = "试行"\ncolour = "red"', "unknown field 'colour'"),
        ('title = "试行"', 'title = "试行"\ngroup = "flu"', "unknown group 'flu'"),
        ('text = "上转"', 'text = "x"\nsuperseded_by = ["T-2"]', "superseded_by 'T-2'"),
    ],
)  # fmt: skip
def test_a_wrong_pack_says_where(old: str, new: str, says: str) -> None:
    source = _pack().replace(old, new)
    with pytest.raises(PackError) as error:
        read_pack(source, "wrong.toml")
    assert str(error.value).startswith("wrong.toml")
    assert says in str(error.value)


def test_a_rule_stands_once() -> None:
    rule = _pack()[_pack().index("[[rule]]") :]
    with pytest.raises(PackError, match="T-1 stands twice"):
        read_pack(_pack() + rule, "twice.toml")


def test_a_condition_that_is_used_must_be_defined_before() -> None:
    with pytest.raises(PackError, match="'x' is not defined before"):
        read_pack(_pack().replace("when.any", 'unless.use = "x"\nwhen.any'), "p.toml")


def test_an_exception_takes_a_rule_back_and_an_unknown_one_leaves_it_open() -> None:
    exception = 'unless = { finding_any = ["tcm_need_unmet"] }\nwhen.any'
    pack = read_pack(_pack().replace("when.any", exception), "p.toml")

    def outcome(*more: Resource) -> str:
        facts = read_facts([patient(), pressure(150, 80), *more])
        [found] = evaluate(facts, on=TODAY, packs=[pack])
        return found.outcome.value

    assert outcome(sign("tcm_need_unmet")) == "not"
    assert outcome(sign("tcm_need_unmet", present=False)) == "fires"
    assert outcome() == "unknown"


def test_the_version_of_the_day_decides(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(_pack("1", "2020-01-01", "140"), encoding="utf-8")
    (tmp_path / "b.toml").write_text(_pack("2", "2025-01-01", "130"), encoding="utf-8")
    packs = load_folder(tmp_path)

    def outcome(day: date) -> str:
        facts = read_facts([patient(), pressure(135, 80, day)])
        [found] = evaluate(facts, on=day, packs=packs)
        return f"{found.pack} {found.outcome}"

    assert outcome(date(2024, 12, 31)) == "trial 1 not"
    assert outcome(date(2025, 1, 1)) == "trial 2 fires"
    assert outcome(date(2010, 1, 1)) == "trial 1 not"


def test_all_rules_of_hypertension_and_diabetes_are_there() -> None:
    found = {rule.rule_id for pack in in_force(shipped(), TODAY) for rule in pack.rules}
    expected = {f"{group}-F{n}" for group in ("HTN", "DM") for n in range(1, 5)}
    expected |= {f"HTN-U{n}" for n in (*range(1, 7), *range(10, 17))}
    expected |= {f"HTN-E{n}" for n in range(1, 7)} | {"HTN-D1", "HTN-D2", "STR-E1"}
    expected |= {f"DM-U{n}" for n in range(1, 8)} | {f"DM-D{n}" for n in range(1, 4)}
    assert found == expected


@pytest.mark.parametrize(
    ("rule_id", "days"),
    [("HTN-F3", 14), ("DM-F4", 14), ("HTN-U10", None), ("GONE-1", None)],
)
def test_a_rule_says_when_the_result_is_checked(rule_id: str, days: int | None) -> None:
    assert check_within_days(rule_id) == days


def test_what_is_made_from_the_tables_is_up_to_date() -> None:
    made = Path(texts.__file__).read_text(encoding="utf-8")
    assert made == texts_module(), "run python -m yilian.record.advice.writing"
    assert SYMPTOMS.read_text(encoding="utf-8") == symptoms_page()
