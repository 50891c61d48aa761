"""Sets as JSON: kept, read back, compared."""

import json
from datetime import date

import pytest

from yilian.insurance.policy.rules.documents import Change, as_document, changes
from yilian.insurance.policy.rules.files import (
    SetWrong,
    read_set,
    shipped,
    shipped_set,
)
from yilian.insurance.policy.rules.overrides import overridden

DAYS = (date(2018, 1, 1), date(2019, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize("name", shipped())
def test_a_set_comes_back_from_json_as_it_was(name: str) -> None:
    kept = json.loads(json.dumps(as_document(shipped_set(name))))
    found = read_set(kept)
    for day in DAYS:
        before, after = shipped_set(name).on(day), found.on(day)
        assert {k: r.value for k, r in after.rows.items()} == {
            k: r.value for k, r in before.rows.items()
        }
    assert as_document(found) == kept


def test_a_kept_set_that_was_tampered_with_is_refused() -> None:
    kept = as_document(shipped_set("NX-DEMO-2018"))
    kept["repeat_factor"][0]["value"] = "2"
    with pytest.raises(SetWrong, match="repeat_factor"):
        read_set(kept)
    kept["repeat_factor"][0] |= {"value": "1", "effective_from": "soon"}
    with pytest.raises(SetWrong, match="日期"):
        read_set(kept)


def test_what_differs_is_said_leaf_by_leaf() -> None:
    old = shipped_set("NX-DEMO-2018")
    new = overridden(old, {"inpatient.ratio.resident.any.tertiary": "0.55"})
    assert changes(old, new) == [
        Change("inpatient.ratio.resident.any.tertiary", DAYS[0], "0.60", "0.55")
    ]
    assert changes(old, old) == []


def test_the_rise_of_the_primary_limits_can_be_reported() -> None:
    """NX-3.2-b, by comparing two sets."""
    found = changes(shipped_set("NX-DEMO-2018"), shipped_set("NX-DEMO-2019"))
    raised = {c.path: c.after for c in found if "resident" in c.path}
    assert raised["outpatient.visit_limit.resident.any.primary"] == "80"
    assert raised["outpatient.annual_limit.resident.any"] == "500"
    assert {c.starts_on for c in found} == {date(2019, 1, 1)}
    assert {c.before for c in found} == {None}
