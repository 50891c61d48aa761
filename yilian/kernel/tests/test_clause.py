"""The table of clauses is whole, and its ids are what rules may name."""

import re
import runpy
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from yilian.kernel.clause import UnknownClause, clause, clauses

ROOT = Path(__file__).parents[3]
DOMAIN = ROOT.parent / "shared" / "domain" / "policy-clauses.md"
ROW = re.compile(r"^\| ((?:NX|LZ)-\S+) \|", re.MULTILINE)
OPEN_POINT = re.compile(r"^(\d+)\. \*\*", re.MULTILINE)
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_a_rule_names_its_ground_by_id() -> None:
    ground = clause("NX-3.2-c")
    assert "起付线" in ground.says
    assert "2017" in ground.document


def test_an_unknown_ground_is_an_error_at_once() -> None:
    with pytest.raises(UnknownClause, match="NX-9"):
        clause("NX-9.9-z")


@pytest.mark.skipif(not DOMAIN.exists(), reason="the domain files are not here")
def test_every_clause_of_the_policies_is_present() -> None:
    text = DOMAIN.read_text(encoding="utf-8")
    open_points = text[text.index("## D.") :]
    wanted = set(ROW.findall(text))
    wanted |= {f"D{number}" for number in OPEN_POINT.findall(open_points)}
    assert len(wanted) > 150
    policies = {name for name in clauses() if re.match(r"NX-|LZ-|D\d", name)}
    assert policies == wanted


@pytest.mark.parametrize(
    "name",
    ["S1", "S2", "S3", "S4", "S5", "S6", "GK", "OWN", "RC-13", "RC-14"]
    + [f"RI-{section}" for section in range(1, 12)]
    + [f"D{point}" for point in range(1, 14)],
)
def test_other_grounds_of_rules_are_present(name: str) -> None:
    assert clause(name).says


def test_ids_are_given_once() -> None:
    source = resources.files("yilian.kernel").joinpath("clauses.toml")
    rows = tomllib.loads(source.read_text(encoding="utf-8"))["clause"]
    assert len(rows) == len(clauses())


def test_every_clause_is_told_in_both_languages() -> None:
    for ground in clauses().values():
        assert HAN.search(ground.says), ground.id
        assert ground.says.endswith("。"), ground.id
        assert HAN.search(ground.document), ground.id
        assert not HAN.search(ground.says_en + ground.document_en), ground.id
        assert ground.says_en.endswith("."), ground.id


def test_the_page_of_clauses_is_up_to_date() -> None:
    writer = runpy.run_path(str(ROOT / "scripts" / "write_clauses.py"))
    assert writer["TARGET"].read_text(encoding="utf-8") == writer["render"]()
