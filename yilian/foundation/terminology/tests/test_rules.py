"""What was typed, and which way it is looked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yilian.foundation.terminology import rules
from yilian.foundation.terminology.rules import Asked, By
from yilian.foundation.terminology.shipped import shipped


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("I10", Asked(By.CODE, "I10")),
        ("i10.X00", Asked(By.CODE, "I10.x00")),
        (" e119 ", Asked(By.CODE, "E11.9")),
        ("Ｅ１１", Asked(By.CODE, "E11")),
        ("x59", Asked(By.CODE, "X59")),
        ("e11.300+h36", Asked(By.CODE, "E11.300+H36")),
        ("gxy", Asked(By.INITIALS, "gxy")),
        ("GXY", Asked(By.INITIALS, "gxy")),
        ("2xtnb", Asked(By.INITIALS, "2xtnb")),
        ("痔", Asked(By.BEGINNING, "痔")),
        ("骨折", Asked(By.PAIRS, "骨折", ("骨折",))),
        ("高血压 3级", Asked(By.PAIRS, "高血压3级", ("3级", "血压", "高血"))),
        ("2型糖尿病", Asked(By.PAIRS, "2型糖尿病", ("2型", "型糖", "尿病", "糖尿"))),
        ("", Asked(By.NOTHING)),
        ("  %_ ", Asked(By.NOTHING)),
        ("'; --", Asked(By.NOTHING)),
        ("\x00", Asked(By.NOTHING)),
    ],
)
def test_how_it_is_looked_for(typed: str, asked: Asked) -> None:
    assert rules.understand(typed) == asked


@given(st.text(max_size=200))
def test_whatever_is_typed_is_understood_without_harm(typed: str) -> None:
    asked = rules.understand(typed)
    assert not set("%_\\\x00") & set(asked.text)
    assert all(len(pair) == 2 for pair in asked.pairs)


@pytest.mark.parametrize(
    ("name", "letters"),
    [("高血压", "gxy"), ("2型糖尿病", "2xtnb"), ("β-地中海贫血", "dzhpx")],
)
def test_initials(name: str, letters: str) -> None:
    assert rules.initials(name) == letters


@pytest.mark.parametrize(
    "code",
    ["I10.x00", "I10.x00x002", "A00.000", "E11.300+H36.0*", "A99.900x009+G99*", "E11"],
)
def test_codes_of_the_edition_are_codes(code: str) -> None:
    assert rules.is_code(code)


@pytest.mark.parametrize(
    "code", ["", "10", "I1", "i10", "I10.", "高血压", "I10 x00", "I10.x00;"]
)
def test_what_is_no_code(code: str) -> None:
    assert not rules.is_code(code)


def test_the_shipped_set_is_well_formed() -> None:
    rows = shipped()
    assert len(rows) >= 300
    assert len({code for code, _name in rows}) == len(rows)
    assert all(rules.is_code(code) and name == name.strip() for code, name in rows)
