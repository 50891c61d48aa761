"""How a file lies on the disk: sealed pieces that cannot be changed, moved or cut.

Each file has a key of its own. A piece of 64 KiB is sealed with its number and
whether it is the last (the STREAM construction), bound to the file's id; so memory
stays bounded, and any piece can be opened without those before it. SM4-GCM, or
AES-256-GCM where the settings say so; the first bytes tell which.
"""

import io
import os
from typing import BinaryIO, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings

PIECE: Final = 65_536
TAG: Final = 16
_MAGIC: Final = b"YLF1"
_HEAD: Final = 8
_KEY_BYTES: Final = {b"s": 16, b"a": 32}
_ALGORITHMS: Final = {b"s": algorithms.SM4, b"a": algorithms.AES}


class Damaged(Exception):
    """The bytes on the disk are not those that were written."""


def new_key() -> bytes:
    return os.urandom(_KEY_BYTES[_chosen()])


def sealed_size(size: int) -> int:
    pieces = max(1, -(-size // PIECE))
    return _HEAD + size + pieces * TAG


class SealedWriter:
    """Plain bytes in, sealed pieces out; `close` seals the last."""

    def __init__(self, raw: BinaryIO, key: bytes, about: UUID) -> None:
        self._raw, self._key, self._about = raw, key, about
        self._cipher = _chosen()
        self._buffer = bytearray()
        self._number = 0
        raw.write((_MAGIC + self._cipher).ljust(_HEAD, b"\0"))

    def write(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) > PIECE:
            self._seal(bytes(self._buffer[:PIECE]), is_last=False)
            del self._buffer[:PIECE]

    def close(self) -> None:
        self._seal(bytes(self._buffer), is_last=True)
        self._buffer.clear()

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        algorithm = _ALGORITHMS[self._cipher](self._key)
        encryptor = Cipher(algorithm, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(self._about.bytes)
        self._raw.write(encryptor.update(plain) + encryptor.finalize() + encryptor.tag)
        self._number += 1


class SealedReader(io.RawIOBase):
    """The plain bytes again, from any place; `Damaged` where they are not whole."""

    def __init__(self, raw: BinaryIO, key: bytes, about: UUID, size: int) -> None:
        super().__init__()
        self._raw, self._key, self._about, self._size = raw, key, about, size
        raw.seek(0)
        head = raw.read(_HEAD)
        self._cipher = head[4:5]
        if head[:4] != _MAGIC or self._cipher not in _ALGORITHMS:
            raise Damaged
        self._at = 0
        self._kept: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}
        self._at = max(0, begin[whence] + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size or not len(buffer):
            return 0
        number, within = divmod(self._at, PIECE)
        found = self._piece(number)[within : within + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        if self._kept[0] != number:
            self._kept = (number, self._opened(number))
        return self._kept[1]

    def _opened(self, number: int) -> bytes:
        self._raw.seek(_HEAD + number * (PIECE + TAG))
        last = (self._size - 1) // PIECE
        length = self._size - last * PIECE if number == last else PIECE
        sealed = self._raw.read(length + TAG)
        data, tag = sealed[:-TAG], sealed[-TAG:]
        try:
            nonce = _nonce(number, is_last=number == last)
            algorithm = _ALGORITHMS[self._cipher](self._key)
            decryptor = Cipher(algorithm, modes.GCM(nonce, tag)).decryptor()
            decryptor.authenticate_additional_data(self._about.bytes)
            return decryptor.update(data) + decryptor.finalize()
        except (InvalidTag, ValueError):
            raise Damaged from None


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _chosen() -> bytes:
    return b"a" if settings.YILIAN_CIPHER == "aes" else b"s"
