"""Where files lie in the data folder. No path ever comes from a user."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

FOLDER: Final = "files"
_INCOMING: Final = "incoming"
_OWN_EYES: Final = 0o700


def root() -> Path:
    return Path(settings.YILIAN_DATA) / FOLDER


def place_of(file_id: UUID) -> Path:
    """Fanned out by the id's last digits: its first are the time."""
    name = file_id.hex
    return root() / name[-2:] / name[-4:-2] / name


def incoming() -> Path:
    """For what is on its way in: sealed already, without a name or not yet moved."""
    return folder(root() / _INCOMING)


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True, mode=_OWN_EYES)
    return path


def stored() -> Iterator[tuple[UUID, Path]]:
    """Every file that lies there under the name of an id."""
    for path in root().glob("??/??/*"):
        try:
            yield UUID(hex=path.name), path
        except ValueError:
            continue


def half_written() -> Iterator[Path]:
    return (root() / _INCOMING).glob("*")


def move(source: Path, target: Path) -> None:
    """In place and on the disk, before any row says that it is there."""
    folder(target.parent)
    source.replace(target)
    for place in (target.parent, target.parent.parent, target.parent.parent.parent):
        _sync(place)


def _sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
