"""Messages as they came: encrypted files in the data folder (decisions 12)."""

import logging
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from yilian.foundation.vault.services import decrypt, encrypt
from yilian.interfaces.exchange.intake.models import Received

_GRACE: Final = timedelta(days=1)  # longer than any message is worked on
_SPAN: Final = timedelta(days=2)  # looked at each time: a beat may be missed
_UNNAMED: Final = 20  # bits of the milliseconds that are not in a folder's name

logger = logging.getLogger(__name__)


def keep(message_id: UUID, data: bytes) -> Path:
    """On the disk before the row commits: what we acknowledge, we have."""
    path = _path(message_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    sealed = encrypt(data.decode("latin-1"))
    half = path.with_suffix(".part")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    return path


def kept(message_id: UUID) -> bytes:
    return decrypt(_path(message_id).read_bytes()).encode("latin-1")


def forget(message_id: UUID) -> None:
    """Of a message that was not taken after all."""
    _path(message_id).unlink(missing_ok=True)


def sweep(now: datetime | None = None) -> int:
    """Texts of two days ago and a little more that no row stands for: what is younger
    may still get its row, what is older has been looked at."""
    last = (now or timezone.now()) - _GRACE
    found = [path for folder in _folders(last - _SPAN, last) for path in _in(folder)]
    ids = {path: UUID(path.name.partition(".")[0]) for path in found}
    known = set(
        Received.objects.filter(pk__in=ids.values()).values_list("pk", flat=True)
    )
    lost = [path for path, message_id in ids.items() if message_id not in known]
    for path in lost:
        path.unlink(missing_ok=True)
    if lost:
        logger.warning("swept %s texts without a message", len(lost))
    return len(lost)


def _folders(first: datetime, last: datetime) -> Iterator[Path]:
    """Of each quarter of an hour: the first digits of the ids made in it."""
    start, end = (int(at.timestamp() * 1000) >> _UNNAMED for at in (first, last))
    for number in range(start, end):
        name = f"{number:07x}"
        yield _home() / name[:4] / name[4:7]


def _in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _home() -> Path:
    return Path(settings.YILIAN_DATA) / "files" / "messages"


def _path(message_id: UUID) -> Path:
    """Among the files that a backup takes. A folder for about a quarter of an hour:
    ids begin with their time."""
    name = message_id.hex
    return _home() / name[:4] / name[4:7] / name
