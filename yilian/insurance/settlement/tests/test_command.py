"""`yilian settle`: a file in, JSON out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from yilian.config.cli import main
from yilian.insurance.settlement.command import settle_document
from yilian.kernel.errors import Invalid

HERE = Path(__file__).parent
DOCS = Path(__file__).parents[4] / "docs" / "settle.md"
GOOD: dict[str, Any] = {
    "id": "good",
    "insured": {"type": "resident"},
    "services": [
        {
            "id": "a",
            "kind": "inpatient",
            "tier": "tertiary",
            "admitted_on": "2018-03-01",
            "discharged_on": "2018-03-05",
            "referral": "compliant_up",
            "lines": [{"catalog_class": "A", "amount": "20000.00"}],
        }
    ],
}


def _document(*cases: Any, **more: Any) -> dict[str, Any]:
    return {"parameters": "NX-DEMO-2018", "cases": list(cases), **more}


def test_the_example_of_the_manual_gives_what_the_manual_says(tmp_path: Path) -> None:
    document = json.loads(DOCS.read_text("utf-8").split("```json\n")[1].split("```")[0])
    document["overrides"] = {}
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(document), "utf-8")
    answer = CliRunner().invoke(main, ["settle", str(file)])
    assert answer.exit_code == 0
    [service] = json.loads(answer.output)["cases"][0]["services"]
    assert service["patient_pay"] == "888.00"
    assert service["reimbursement_ratio"] == "0.85"
    assert [step["step"] for step in service["steps"]][-1] == "patient_pay"


def test_a_bad_case_names_its_field_and_does_not_stop_the_others() -> None:
    bad = {**GOOD, "id": "bad", "insured": {"type": "alien"}}
    found = settle_document(_document(bad, 7, GOOD), folder=HERE)
    first, second, third = found["cases"]
    assert first["id"] == "bad"
    assert first["error"]["field"] == "insured.type"
    assert second["id"] is None
    assert third["services"][0]["basic_pay"] == "11400.00"


def test_every_parameter_in_a_step_can_be_looked_up_again() -> None:
    found = settle_document(_document(GOOD), folder=HERE)
    steps = found["cases"][0]["services"][0]["steps"]
    [ratio] = [step for step in steps if step["step"] == "reimbursement_ratio"]
    assert ratio["parameters"] == [
        {
            "id": "inpatient.ratio.resident.any.tertiary",
            "set": "NX-DEMO-2018",
            "version": "1",
            "effective_from": "2018-01-01",
            "clause": "NX-3.2-a",
            "source": "demo",
            "value": "0.60",
        }
    ]


def test_an_override_is_marked_in_the_steps() -> None:
    overrides = {"inpatient.ratio.resident.any.tertiary": "0.50"}
    found = settle_document(_document(GOOD, overrides=overrides), folder=HERE)
    [service] = found["cases"][0]["services"]
    assert service["basic_pay"] == "9500.00"
    sources = {p["source"] for s in service["steps"] for p in s["parameters"]}
    assert sources == {"demo", "override"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "cases"),
        ({"cases": []}, "parameters"),
        (_document(typo=1), "typo"),
        (_document() | {"parameters": "NX-1900"}, "NX-DEMO-2018"),
        (_document() | {"parameters": "gone.toml"}, "gone.toml"),
        (_document(overrides={"no.such": "1"}), "no.such"),
        (_document(overrides={"inpatient.ratio": "1.01"}), "不能大于 1"),
    ],
)
def test_a_wrong_file_is_refused_whole(document: Any, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        settle_document(document, folder=HERE)


def test_a_file_that_is_no_json_is_said_in_words(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text("{", "utf-8")
    answer = CliRunner().invoke(main, ["settle", str(file)])
    assert answer.exit_code == 1
    assert "JSON" in answer.output


def test_settling_loads_neither_django_nor_numpy() -> None:
    code = (
        "import sys, yilian.insurance.settlement.command; "
        "print(sorted({'django', 'psycopg', 'numpy'} & {*sys.modules}))"
    )
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
