"""The numbers of several workers are told as one, and the dead are not counted."""

import subprocess
import sys
from pathlib import Path

WORKER = """
import sys
from pathlib import Path
from yilian.foundation.telemetry.shared import share_measures
share_measures(Path(sys.argv[1]))
from yilian.foundation.telemetry import measures
measures.begin()
for _n in range(3):
    measures.begin()
    measures.end(route="/a/<uuid:b>/", method="GET", status=200, seconds=0.03)
measures.note_pool({"pool_size": 4, "pool_available": 1, "requests_waiting": 2})
if len(sys.argv) > 2:
    print(measures.exposition().decode())
"""


def work(folder: Path, *words: str) -> str:
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", WORKER, str(folder), *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


def test_workers_are_told_together(tmp_path: Path) -> None:
    work(tmp_path)
    told = work(tmp_path, "tell")
    counted = (
        'yilian_requests_total{method="GET",route="/a/<uuid:b>/",status="200"} 6.0'
    )
    assert counted in told
    assert 'yilian_request_seconds_count{route="/a/<uuid:b>/"} 6.0' in told
    assert 'yilian_request_seconds_bucket{le="0.05",route="/a/<uuid:b>/"} 6.0' in told


def test_what_a_dead_worker_was_doing_is_not_under_way(tmp_path: Path) -> None:
    work(tmp_path)  # it began something, and is gone
    told = work(tmp_path, "tell")
    assert "yilian_requests_under_way 1.0" in told
    assert 'yilian_database_connections{state="used"} 3.0' in told


def test_folders_of_servers_that_are_gone_are_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "999999999").mkdir()
    (tmp_path / "kept").mkdir()
    work(tmp_path)
    assert not (tmp_path / "999999999").exists()
    assert (tmp_path / "kept").exists()
