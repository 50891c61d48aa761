"""What only a whole machine suffers: no byte left on the disk, a clock that jumps.

The longer drills of `bench/faults`, in short, each on a region of its own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_a_full_disk_loses_nothing_and_needs_no_hand() -> None:
    if not _may_mount():
        pytest.skip("needs to mount a small disk")
    assert "lost, doubled" in _drill("disk_full", 4)


@pytest.mark.skipif(
    not (shutil.which("cc") or shutil.which("gcc")), reason="needs a C compiler"
)
def test_a_clock_that_jumps_under_load_loses_nothing() -> None:
    assert "lost, doubled" in _drill("clock", 25)


def _drill(name: str, times: int) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("YILIAN_", "PYT"))}
    ran = subprocess.run(
        [sys.executable, "-m", f"bench.faults.{name}", "--times", str(times)],
        cwd=ROOT, env=kept, text=True, capture_output=True, check=False, timeout=900,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def _may_mount() -> bool:
    """Not in every container, and for nobody but root."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        is_there = subprocess.run(mount, capture_output=True, check=False)
        if is_there.returncode == 0:
            undo = ["umount", folder]
            subprocess.run(undo, check=True)
        return is_there.returncode == 0
