"""Reading a stored file, and finding rows whose file is not there."""

import io
from collections.abc import Iterator
from typing import BinaryIO, cast
from uuid import UUID

from yilian.foundation.files.models import StoredFile
from yilian.foundation.files.places import place_of
from yilian.foundation.files.sealing import (
    PIECE,
    Damaged,
    SealedReader,
    sealed_size,
)
from yilian.foundation.vault.services import decrypt
from yilian.kernel.errors import Conflict
from yilian.kernel.text import _


class FileNotReadable(Conflict):
    """Missing or changed on the disk: said, and never shown in part."""

    code = "file-not-readable"

    def __init__(self) -> None:
        super().__init__(_("这份附件的文件缺失或已损坏，不能打开。请联系管理员。"))


def open_plain(stored: StoredFile) -> BinaryIO:
    """The bytes as they were uploaded; `FileNotReadable` before the first of them."""
    path = place_of(stored.id)
    try:
        if path.stat().st_size != sealed_size(stored.size):
            raise FileNotReadable
        raw = path.open("rb")
    except OSError:
        raise FileNotReadable from None
    key = bytes.fromhex(decrypt(stored.wrapped_key))
    try:
        plain = SealedReader(cast(BinaryIO, raw), key, stored.id, stored.size)
        plain.read(1)
        plain.seek(0)
    except Damaged:
        raw.close()
        raise FileNotReadable from None
    return cast(BinaryIO, io.BufferedReader(plain, PIECE))


def pieces(plain: BinaryIO) -> Iterator[bytes]:
    with plain:
        while piece := plain.read(PIECE):
            yield piece


def missing() -> Iterator[UUID]:
    """Rows whose file is not on the disk in its whole length (for `yilian doctor`)."""
    rows = StoredFile.objects.order_by("pk").values_list("pk", "size")
    for file_id, size in rows.iterator():
        try:
            is_whole = place_of(file_id).stat().st_size == sealed_size(size)
        except OSError:
            is_whole = False
        if not is_whole:
            yield file_id
