"""The units of `deploy/systemd`, asked of systemd's own checker."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

UNITS: Final = Path(__file__).resolve().parent.parent / "deploy" / "systemd"
ASK: Final = shutil.which("systemd-analyze") or ""
# What is not here: the program's folder is laid out by whoever installs it.
EXPECTED: Final = re.compile(r"Command /opt/yilian/\S+ is not executable: ")
MOST_EXPOSED: Final = 3.0

pytestmark = pytest.mark.skipif(not ASK, reason="needs systemd-analyze")


def _asked(*words: str) -> str:
    ran = subprocess.run(
        [ASK, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ran.stdout


def test_systemd_finds_nothing_wrong_in_the_units() -> None:
    units = [str(path) for path in sorted(UNITS.glob("yilian*"))]
    said = _asked("verify", *units).splitlines()
    about_ours = [line for line in said if "yilian" in line]
    assert [line for line in about_ours if not EXPECTED.search(line)] == []


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("*.service")))
def test_each_service_is_shut_in(unit: str) -> None:
    said = _asked("security", "--offline=true", "--no-pager", str(UNITS / unit))
    found = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) <= MOST_EXPOSED
