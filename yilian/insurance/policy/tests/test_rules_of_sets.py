"""Writing, reading, editing and showing a set: what goes out comes back."""

import json
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.insurance.policy.rules import comparing, editing
from yilian.insurance.policy.rules.documents import as_document
from yilian.insurance.policy.rules.files import parse_set, shipped, shipped_set
from yilian.insurance.policy.rules.keys import KEYS
from yilian.insurance.policy.rules.leaves import Leaf, plain
from yilian.insurance.policy.rules.reading import read_file
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.insurance.policy.rules.sheets import cells, sections
from yilian.insurance.policy.rules.tables import leaves
from yilian.insurance.policy.rules.toml_text import as_toml
from yilian.insurance.policy.rules.typing_in import typed
from yilian.kernel.errors import DomainError

DAY = date(2026, 1, 1)
BASE = shipped_set("NX-DEMO-2019")
RATIO = "inpatient.ratio.resident.any.tertiary"
VISIT = "outpatient.visit_limit.resident.any.primary"


@pytest.mark.parametrize("name", shipped())
def test_a_set_written_as_toml_is_read_back_the_same(name: str) -> None:
    found = shipped_set(name)
    assert as_document(parse_set(as_toml(found))) == as_document(found)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_text_survives_the_file(source: str) -> None:
    changed = editing.edited(BASE, DAY, {RATIO: "0.61"}, source=source)
    assert as_document(parse_set(as_toml(changed))) == as_document(changed)


@given(st.binary(max_size=300) | st.text().map(str.encode))
def test_no_upload_does_worse_than_to_be_refused(content: bytes) -> None:
    with pytest.raises(DomainError):
        read_file(content)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=5,
)


@given(st.sampled_from(sorted(as_document(BASE))), _JSON, st.booleans())
def test_no_nonsense_in_a_file_does_worse_either(
    name: str, nonsense: Any, is_inside: bool
) -> None:
    document = as_document(BASE)
    if is_inside and name in KEYS:
        field = sorted(document[name][0])[len(str(nonsense)) % len(document[name][0])]
        document[name][0][field] = nonsense
    else:
        document[name] = nonsense
    with suppress(DomainError):
        read_file(json.dumps(document).encode())


def all_leaves() -> list[tuple[str, Leaf, Any]]:
    return [
        (".".join((row.key, *path)), KEYS[row.key].leaf, leaf)
        for row in BASE.on(DAY).rows.values()
        for path, leaf in leaves(row.value, len(KEYS[row.key].levels))
    ]


def test_every_value_stands_in_the_tables_once_and_comes_back_from_its_field() -> None:
    shown = {cell.path: cell for cell in cells(BASE, DAY)}
    assert len(shown) == len(list(cells(BASE, DAY)))
    assert {path for path, _leaf, _value in all_leaves()} == set(shown)
    for path, leaf, value in all_leaves():
        assert leaf.read(typed(leaf, shown[path].field)) == value, path


def test_every_value_of_a_table_says_its_clause_and_that_it_is_invented() -> None:
    for section in sections(BASE, DAY):
        for table in section.tables:
            for line in table.lines:
                ground = table.ground or line.ground
                assert ground is not None
                assert ground.clause
                assert ground.is_demo
                assert len(line.cells) == len(table.columns)


def test_a_table_says_when_its_value_changes_next() -> None:
    before = sections(BASE, date(2018, 6, 1))
    grounds = {t.ground.key: t.ground for s in before for t in s.tables if t.ground}
    assert grounds["outpatient.visit_limit"].changes_on == date(2019, 1, 1)
    assert grounds["inpatient.ratio"].changes_on is None


@pytest.mark.parametrize(
    ("key", "text", "read"),
    [
        ("inpatient.ratio", "85%", Decimal("0.85")),
        ("inpatient.ratio", "８５％", Decimal("0.85")),
        ("inpatient.ratio", "0.85", Decimal("0.85")),
        ("inpatient.deductible", "1,500", Decimal(1500)),
        ("inpatient.deductible", "￥1500.50元", Decimal("1500.50")),
        ("outpatient.visit_limit", "不限", None),
        ("outpatient.visit_limit", "", None),
        ("exemptions", "age、delivery", ("age", "delivery")),
        ("chain_gap_days", "3", 3),
        ("cross_year_mode", "SPLIT", "SPLIT"),
    ],
)
def test_values_are_typed_as_people_write_them(key: str, text: str, read: Any) -> None:
    leaf = KEYS[key].leaf
    assert leaf.read(typed(leaf, text)) == read


@pytest.mark.parametrize("text", ["85", "1.2", "-5%", "abc", "", "%", "1e3%", "٣%"])
def test_a_ratio_that_is_none_is_refused_by_the_leaf(text: str) -> None:
    leaf = KEYS["inpatient.ratio"].leaf
    with pytest.raises(ValueError):  # noqa: PT011
        leaf.read(typed(leaf, text))


@given(
    st.dates(date(2018, 1, 1), date(2030, 1, 1)),
    st.dates(date(2018, 1, 1), date(2030, 1, 1)),
    st.sampled_from(["0.10", "0.60", "0.99"]),
)
def test_an_edit_reaches_from_its_day_to_the_next_change_and_no_further(
    day: date, other: date, ratio: str
) -> None:
    found = editing.edited(BASE, day, {VISIT: "99", RATIO: ratio}, source="x")
    raised = date(2019, 1, 1)
    is_reached = other >= day and (other < raised or day >= raised)
    assert visit(found, other) == (Decimal(99) if is_reached else visit(BASE, other))
    assert [r for r in found.rows if r.source == "x"] != [] or ratio == "0.60"


def visit(found: ParameterSet, day: date) -> Decimal:
    value: Decimal = found.on(day).value(*_visit_path())
    return value


def _visit_path() -> tuple[str, ...]:
    return ("outpatient.visit_limit", "resident", "any", "primary")


def test_editing_twice_on_a_day_leaves_one_row_and_the_same_value_none() -> None:
    once = editing.edited(BASE, DAY, {RATIO: "0.7"}, source="a")
    twice = editing.edited(once, DAY, {RATIO: "0.8"}, source="b")
    rows = [row for row in twice.rows if row.key == "inpatient.ratio"]
    assert [row.source for row in rows] == ["demo", "b"]
    same = editing.edited(BASE, DAY, {RATIO: "0.60"}, source="a")
    assert same.rows == BASE.rows


def test_a_new_grade_begins_as_everybody() -> None:
    path = "inpatient.ratio.resident.7.tertiary"
    found = editing.edited(BASE, DAY, {path: "0.99"}, source="a").on(DAY)
    row = found.of_group("inpatient.ratio", "resident", "7")
    assert (row["tertiary"], row["primary"]) == (Decimal("0.99"), Decimal("0.85"))


def test_a_difference_is_between_values_in_force_not_between_rows() -> None:
    old, new = shipped_set("NX-DEMO-2018"), BASE
    found = {c.path: (c.before, c.after) for c in comparing.differences(old, new)}
    assert found[VISIT] == ("60", "80")
    assert found["outpatient.annual_limit.resident.any"] == ("400", "500")
    assert "outpatient.annual_limit.employee.active" not in found
    assert comparing.differences(new, new) == []


@given(st.dates(date(2018, 1, 1), date(2030, 1, 1)), st.sampled_from(["0.6", "0.7"]))
def test_differences_are_empty_exactly_when_every_day_gives_the_same(
    day: date, ratio: str
) -> None:
    new = editing.edited(BASE, day, {RATIO: ratio}, source="x")
    found = comparing.differences(BASE, new)
    is_same = all(
        {k: plain(r.value) for k, r in BASE.on(d).rows.items()}
        == {k: plain(r.value) for k, r in new.on(d).rows.items()}
        for d in (day, day + timedelta(days=400))
    )
    assert (found == []) == is_same


def test_the_rise_of_the_primary_limits_year_by_year() -> None:
    found = comparing.rises(comparing.limits_by_year(BASE, 2020))
    assert [rise.now.year for rise in found] == [2018, 2019, 2020]
    assert found[1].now.primary_visit == Decimal(80)
    assert found[1].primary_visit == Decimal(20) / 60
    assert found[1].annual == Decimal("0.25")
    assert found[2].annual == 0
