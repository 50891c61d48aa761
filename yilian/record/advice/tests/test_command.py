"""`yilian advise`: one row per rule, and clear words for a bad file."""

import json
import subprocess
import sys
import tarfile
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from yilian.kernel.errors import Invalid
from yilian.record.advice.command import advise_file
from yilian.record.advice.loading import shipped
from yilian.record.advice.tests.person import (
    TODAY,
    Resource,
    encounter,
    glucose,
    patient,
    pressure,
)

SYNTHEA = Path(__file__).parents[5] / "shared/data/synthea"


def _file(folder: Path, *resources: Resource) -> Path:
    path = folder / "bundle.json"
    entries = [{"resource": resource} for resource in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    return path


def _outcomes(path: Path, on: date | None = None) -> dict[str, str]:
    return {row["rule_id"]: row["outcome"] for row in advise_file(path, on)}


def test_the_answer_has_exactly_four_facts_for_every_rule(tmp_path: Path) -> None:
    reading = pressure(182, 96)
    rows = advise_file(_file(tmp_path, patient(), reading))
    assert all(
        set(row) == {"rule_id", "outcome", "evidence", "missing"} for row in rows
    )
    assert len(rows) == sum(len(pack.rules) for pack in shipped())
    [danger] = [row for row in rows if row["rule_id"] == "HTN-F4"]
    assert danger == {
        "rule_id": "HTN-F4",
        "outcome": "fires",
        "evidence": [f"Observation/{reading['id']}"],
        "missing": [],
    }
    json.dumps(rows)


def test_without_a_day_it_is_that_of_the_newest_observation(tmp_path: Path) -> None:
    long_ago = date(2012, 5, 1)
    path = _file(tmp_path, patient(), glucose(17, long_ago))
    assert _outcomes(path)["DM-F4"] == "fires"
    assert _outcomes(path, long_ago + timedelta(days=9))["DM-F4"] == "unknown"
    assert _outcomes(path, long_ago - timedelta(days=1))["DM-F4"] == "unknown"


def test_a_later_follow_up_without_observations_is_seen(tmp_path: Path) -> None:
    earlier = TODAY - timedelta(days=30)
    path = _file(tmp_path, patient(), pressure(130, 80, earlier), encounter("e1"))
    assert _outcomes(path)["HTN-F1"] == "unknown"
    assert _outcomes(path, earlier)["HTN-F1"] == "fires"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"42"])
def test_a_bad_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(Invalid):
        advise_file(path)


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        advise_file(tmp_path / "none.json")


@pytest.fixture(scope="module")
def synthea(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    archives = sorted(SYNTHEA.glob("*.tar.gz"))
    if not archives:
        pytest.skip("no third-party Synthea bundles beside the project")
    folder = tmp_path_factory.mktemp("synthea")
    for archive in archives:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    return sorted(folder.rglob("*.json"))


def test_bundles_of_others_are_evaluated_without_error(synthea: list[Path]) -> None:
    assert len(synthea) > 10
    for path in synthea:
        assert len(advise_file(path)) == sum(len(pack.rules) for pack in shipped())


def test_a_thousand_follow_ups_are_judged_in_a_moment(tmp_path: Path) -> None:
    days = [TODAY - timedelta(days=3 * n) for n in range(1000)]
    rows = [patient()]
    for n, day in enumerate(days):
        at = f"e{n}"
        rows += [
            encounter(at, day),
            pressure(150, 80, day, at=at),
            glucose(8, day, at=at),
        ]
    path = _file(tmp_path, *rows)
    started = time.perf_counter()
    assert _outcomes(path)["HTN-F3"] == "fires"
    assert time.perf_counter() - started < 3


def test_the_rules_need_no_django() -> None:
    code = (
        "import sys, yilian.record.advice.command as c; print('django' in sys.modules)"
    )
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "False"
