"""Keeping a file, and clearing away what no row points at."""

import errno
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from threading import BoundedSemaphore
from time import time
from typing import BinaryIO, Final
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.files import places
from yilian.foundation.files.models import StoredFile
from yilian.foundation.files.rules import checking
from yilian.foundation.files.rules.limits import MOST_MEGABYTES
from yilian.foundation.files.sealing import PIECE, SealedWriter, new_key
from yilian.foundation.parameters.queries import value_of
from yilian.foundation.vault.services import encrypt
from yilian.kernel import calendar
from yilian.kernel.errors import Busy
from yilian.kernel.ids import new_id
from yilian.kernel.text import _

# Longer than any transaction may take: what is younger may still get its row.
GRACE_SECONDS: Final = 24 * 3600
_ASKED_AT_ONCE: Final = 1000
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
# A PDF is looked at as a whole: so few at once in a process that memory stays bounded.
_LOOKING: Final = BoundedSemaphore(4)

logger = logging.getLogger(__name__)


class NoRoom(Busy):
    code = "no-room"

    def __init__(self) -> None:
        super().__init__(
            _("服务器的磁盘空间不足，文件没有保存。请联系管理员，稍后再试。")
        )


def store(
    actor: Actor, source: BinaryIO, *, size: int, name: str, purpose: str
) -> StoredFile:
    """Checked, sealed and on the disk; its row is part of the caller's transaction.

    If that rolls back, the file has no row and the sweep takes it. The act that
    the file belongs to is what the caller audits.
    """
    day = calendar.local_day(timezone.now())
    checking.check_size(size, value_of(MOST_MEGABYTES, day))
    with _LOOKING:
        kind = checking.check(source, name)
    file_id, key = new_id(), new_key()
    try:
        digest = _write(source, file_id, key)
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoom from error
        raise
    return StoredFile.objects.create(
        id=file_id,
        kind=kind.value,
        size=size,
        digest=digest,
        wrapped_key=encrypt(key.hex()),
        purpose=purpose,
        stored_by_id=actor.account_id,
    )


def discard(file_id: UUID) -> None:
    """After a rollback: the bytes that no row will ever name."""
    if not StoredFile.objects.filter(pk=file_id).exists():
        places.place_of(file_id).unlink(missing_ok=True)


def sweep(now: float | None = None) -> int:
    """Files that no row points at, once no transaction can still write one."""
    oldest = (now or time()) - GRACE_SECONDS
    swept = _remove(path for path in places.half_written() if _is_old(path, oldest))
    batch: dict[UUID, Path] = {}
    for file_id, path in places.stored():
        if _is_old(path, oldest):
            batch[file_id] = path
        if len(batch) >= _ASKED_AT_ONCE:
            swept += _remove_unknown(batch)
            batch = {}
    swept += _remove_unknown(batch)
    if swept:
        logger.warning("swept %s files without a row", swept)
    return swept


def _write(source: BinaryIO, file_id: UUID, key: bytes) -> str:
    """The digest of what was written; under its own name only when all is there."""
    half = places.incoming() / file_id.hex
    sm3 = hashes.Hash(hashes.SM3())
    source.seek(0)
    try:
        with half.open("xb") as raw:
            os.chmod(half, 0o600)
            writer = SealedWriter(raw, key, file_id)
            while piece := source.read(PIECE):
                sm3.update(piece)
                writer.write(piece)
            writer.close()
            raw.flush()
            os.fsync(raw.fileno())
        places.move(half, places.place_of(file_id))
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    return sm3.finalize().hex()


@transaction.atomic
def _remove_unknown(batch: dict[UUID, Path]) -> int:
    known = set(StoredFile.objects.filter(pk__in=batch).values_list("pk", flat=True))
    return _remove(path for file_id, path in batch.items() if file_id not in known)


def _remove(paths: Iterable[Path]) -> int:
    removed = 0
    for path in paths:
        path.unlink(missing_ok=True)
        removed += 1
    return removed


def _is_old(path: Path, oldest: float) -> bool:
    try:
        return path.stat().st_mtime < oldest
    except FileNotFoundError:
        return False
