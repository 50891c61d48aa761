"""Whatever can be missing has a name that people understand."""

from yilian.record.advice.naming import name_of
from yilian.record.advice.tests.person import advice, condition, glucose, pressure, sign


def test_every_missing_code_has_a_name() -> None:
    records = [
        [],
        [pressure(150, 80), pressure(150, 80, "2026-02-01")],
        [glucose(20), glucose(8, "2026-02-01")],
        [condition("I10"), condition("E11.9"), sign("chest_pain_lasting")],
        [sign("chest_pain_lasting"), pressure(130, None)],
    ]
    missing = {
        code
        for resources in records
        for found in advice(*resources).values()
        for code in (*found.missing, *found.not_asked)
    }
    assert len(missing) > 30
    assert {code for code in missing if name_of(code) == code} == set()
