"""The command line: everything is there, and starts light."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

import yilian
from yilian.config.cli import main

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "command",
    [
        "up",
        "migrate",
        "demo",
        "worker",
        "deliver",
        "serve",
        "backup",
        "restore",
        "backup-keys",
        "restore-keys",
        "backup-identity",
        "doctor",
        "load icd10",
        "load fhir",
        "load hl7v2",
        "load prices",
        "exchange",
        "advise",
        "settle",
        "check-settlements",
        "whatif",
        "audit verify",
        "simulate insurer",
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    answer = CliRunner().invoke(main, [*command.split(), "--help"])
    assert answer.exit_code == 0
    assert "Usage" in answer.output


def test_a_wrong_port_is_refused_before_anything_starts() -> None:
    answer = CliRunner().invoke(main, ["up", "--port", "65535"])
    assert answer.exit_code == 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:secret@127.0.0.1:1/x", "no server listens there"),
        ("mysql://me:secret@127.0.0.1/x", "only PostgreSQL"),
    ],
)
def test_a_wrong_address_is_explained_without_its_password(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YILIAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("YILIAN_SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.delenv("YILIAN_OWNER_URL", raising=False)
    answer = CliRunner().invoke(main, ["migrate"])
    assert answer.exit_code == 1
    assert said in answer.output
    assert "secret" not in answer.output


def test_the_command_itself_loads_neither_django_nor_a_database_driver() -> None:
    code = (
        "import sys, yilian.config.cli; "
        "print(sorted({'django', 'psycopg', 'granian'} & {*sys.modules}))"
    )
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_the_version_is_said_the_same_everywhere() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert stated["project"]["version"] == yilian.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {yilian.__version__}" in changes
