"""Messages as they came: encrypted files in the data folder (decisions 12)."""

import os
from pathlib import Path
from uuid import UUID

from django.conf import settings

from yilian.foundation.vault.services import decrypt, encrypt


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


def _path(message_id: UUID) -> Path:
    """Among the files that a backup takes. A folder for about a quarter of an hour:
    ids begin with their time."""
    name = message_id.hex
    return (
        Path(settings.YILIAN_DATA) / "files" / "messages" / name[:4] / name[4:7] / name
    )
