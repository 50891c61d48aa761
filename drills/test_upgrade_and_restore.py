"""From the version before to this one, saved while people work, restored elsewhere.

One story in the order of this page: each drill begins where the one before ended.
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from drills.conftest import REGIONS, Region
from journeys.plain_http import Visitor

BEFORE = "0.1.0"
COUNTED = (
    *("population_person", "directory_institution", "referral_referral"),
    *("record_resource", "record_version", "audit_auditentry"),
)
LOOK = "/residents/?" + urlencode({"q": "马"})
NewRegion = Callable[[], Region]


@pytest.fixture(scope="module")
def region(new_region: NewRegion) -> Region:
    """The version before, restored by this program and brought up by it."""
    region = new_region()
    keys = str(REGIONS / f"{BEFORE}-keys.yilian")
    said = region.yilian("restore", str(REGIONS / f"{BEFORE}.yilian"), "--keys", keys)
    assert "Run yilian migrate" in said
    region.up()
    return region


@pytest.fixture(scope="module")
def saved(region: Region, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup made while somebody works, in a server that has counted far."""
    region.rows(
        "DO $$ BEGIN FOR n IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT;"
        " END LOOP; END $$"
    )
    folder = tmp_path_factory.mktemp("backups")
    with working(region):
        said = region.yilian("backup", str(folder), "--verify", "--keep", "3")
    assert "Verified by restoring" in said
    assert "100 %" in said
    [path] = folder.iterdir()
    return path


def test_the_version_before_comes_up_with_its_data(region: Region) -> None:
    now = {name: region.one(f"SELECT count(*) FROM {name}") for name in COUNTED}  # noqa: S608
    assert now["population_person"] == 60
    assert now["referral_referral"] == 30
    assert all(now.values()), now
    people = region.rows("SELECT name FROM population_person")
    (region.folder / "names").write_text("\n".join(name for (name,) in people))
    assert "没有发现改动" in region.yilian("audit", "verify")


def test_people_work_in_it_as_before(region: Region) -> None:
    desk = Visitor(region.address).enter("county_desk")
    page = desk.get("/referrals/")
    assert page.status == 200
    assert "/referrals/" in page.text


def test_the_doctor_finds_it_well(region: Region) -> None:
    found = json.loads(region.yilian("doctor", "--json"))
    bad = [line for line in found["findings"] if line["level"] == "fail"]
    assert not bad


def test_a_backup_of_a_busy_region_restores_without_a_difference(saved: Path) -> None:
    assert saved.stat().st_mode & 0o077 == 0


def test_a_region_in_use_is_not_restored_over(region: Region, saved: Path) -> None:
    assert "is in use" in region.yilian("restore", str(saved), code=1)


def test_a_restored_region_goes_on_counting_and_sealing(
    region: Region, saved: Path, new_region: NewRegion, tmp_path: Path
) -> None:
    """Another server counts transactions from the beginning; what is new must stand
    after what is old all the same."""
    keys = str(tmp_path / "keys.yilian")
    region.yilian("backup-keys", keys)
    region.down()

    other = new_region()
    said = other.yilian("restore", str(saved), "--keys", keys)
    assert "Restored" in said
    other.up()
    last = other.one("SELECT max(xid) FROM audit_auditentry")
    desk = Visitor(other.address).enter("township_gp")
    assert desk.get(LOOK).status == 200

    newest = other.one("SELECT max(xid) FROM audit_auditentry")
    assert newest > last > 5000
    other.yilian("manage", "shell", "-c", SEAL)
    left = other.one(
        "SELECT count(*) FROM audit_auditentry"
        " WHERE xid >= (SELECT max(up_to_xid) FROM audit_auditseal) AND xid <= %s",
        newest,
    )
    assert left == 0, "acts after restoring are sealed like those before"
    assert "没有发现改动" in other.yilian("audit", "verify")
    assert _is_delivered(other)
    other.down()


def test_what_cannot_be_restored_changes_nothing(
    region: Region, saved: Path, new_region: NewRegion, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.yilian"
    cut.write_bytes(saved.read_bytes()[:-100])
    assert "cut short" in region.yilian("restore", str(cut), code=1)

    wrong = tmp_path / "wrong"
    wrong.write_text("some other words")
    told = {"YILIAN_BACKUP_PASSPHRASE_FILE": str(wrong)}
    said = region.yilian("restore", str(saved), code=1, **told)
    assert "does not open" in said

    empty = new_region()
    said = empty.yilian("restore", str(saved), code=1)
    assert "restore-keys" in said, "a region without its keys could not be read"


def test_restoring_again_keeps_what_was_there_once_more(
    region: Region, saved: Path
) -> None:
    """The way back after an upgrade that went wrong."""
    said = region.yilian("restore", str(saved))
    assert "yilian_before" in said
    region.up()
    assert region.one("SELECT count(*) FROM population_person") == 60
    names = [name for (name,) in region.rows("SELECT datname FROM pg_database")]
    assert "yilian_before" in names
    region.down()


def test_nobody_is_named_in_the_logs(region: Region) -> None:
    """After all that was looked for: no name, and nothing that was typed."""
    names = set((region.folder / "names").read_text().split("\n"))
    written = "".join(
        path.read_text(errors="replace")
        for path in (region.folder / "logs").iterdir()
        if path.is_file()
    )
    assert "/residents/" in written
    assert urlencode({"q": "马"}) not in written
    assert not [name for name in names if name in written]


def test_a_full_disk_leaves_no_half_of_a_backup(region: Region, small: Path) -> None:
    said = region.yilian("backup", str(small), code=1)
    assert "The disk is full" in said
    assert list(small.iterdir()) == []


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for half a megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk can be mounted by root alone")
    yield folder
    subprocess.run(["umount", folder], check=True)  # noqa: S607


SEAL = "from yilian.foundation.audit.services import seal; print(seal())"


class working:  # noqa: N801 read as a word
    """Somebody looks for residents all the while: each look writes."""

    def __init__(self, region: Region) -> None:
        self.visitor = Visitor(region.address).enter("township_gp")
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._work)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *error: object) -> None:
        self.is_over.set()
        self.thread.join()

    def _work(self) -> None:
        while not self.is_over.wait(0.05):
            self.visitor.get(LOOK)


def _is_delivered(region: Region) -> bool:
    question = "SELECT count(*) FROM outbox_outboxmessage WHERE dispatched_at IS NULL"
    give_up_at = time.monotonic() + 20
    while region.one(question) and time.monotonic() < give_up_at:
        time.sleep(0.2)
    return bool(region.one(question) == 0)
