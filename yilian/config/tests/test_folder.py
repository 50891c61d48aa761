"""The data folder refuses what it cannot keep, and keeps its keys to itself."""

import os
from pathlib import Path

import pytest

from yilian.config.runtime import folder as module
from yilian.config.runtime.folder import FORMAT, KEYS, DataFolder
from yilian.config.runtime.trouble import CannotStart


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


def test_keys_are_readable_by_their_owner_only(folder: DataFolder) -> None:
    for name in KEYS:
        assert (folder.keys / name).stat().st_mode & 0o777 == 0o600
    assert folder.keys.stat().st_mode & 0o777 == 0o700


def test_keys_stay_the_same_at_the_next_start(folder: DataFolder) -> None:
    before = {name: (folder.keys / name).read_text() for name in KEYS}
    folder.prepare()
    assert {name: (folder.keys / name).read_text() for name in KEYS} == before
    assert len(set(before.values())) == len(KEYS)


def test_a_lost_key_is_never_replaced_by_a_new_one(folder: DataFolder) -> None:
    (folder.keys / "field-1").unlink()
    with pytest.raises(CannotStart, match="field-1"):
        folder.prepare()
    assert not (folder.keys / "field-1").exists()


def test_a_first_start_that_was_killed_is_completed(folder: DataFolder) -> None:
    (folder.path / "VERSION").unlink()
    (folder.keys / "index-1").unlink()
    kept = (folder.keys / "field-1").read_text()
    folder.prepare()
    assert (folder.keys / "index-1").exists()
    assert (folder.keys / "field-1").read_text() == kept


@pytest.mark.parametrize("version", [str(FORMAT + 1), "2030.1", ""])
def test_a_folder_of_a_newer_version_is_refused(
    folder: DataFolder, version: str
) -> None:
    (folder.path / "VERSION").write_text(version)
    with pytest.raises(CannotStart, match="newer version"):
        folder.prepare()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="cannot be written"):
        DataFolder(tmp_path / "file" / "data").prepare()


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    full = OSError(28, os.strerror(28))
    assert "磁盘空间不足" in str(module.explain(full, tmp_path))
