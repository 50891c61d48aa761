"""The encrypted file: a line in the clear, then blocks, each sealed and counted.

A block taken out, changed or moved is noticed, and so is a missing end. The line
names the program, the cipher and the locks; it is sealed along with every block.
Within the blocks stand named parts, one after the other, of any length.
"""

import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from yilian.config.runtime.backup import trouble
from yilian.config.runtime.backup.locks import (
    PASSPHRASE,
    PUBLIC_KEY,
    Lock,
    NotOpened,
    Secret,
)

FORMAT: Final = 1
MAGIC: Final = b"YILIAN BACKUP\n"
BLOCK: Final = 1 << 20
_TAG: Final = 16
_LONGEST_LINE: Final = 16_384
_LENGTH: Final = struct.Struct(">I")
SM4: Final = "sm4"
AES: Final = "aes"


class _Sealer(Protocol):
    def seal(self, nonce: bytes, data: bytes, beside: bytes) -> bytes: ...

    def open(self, nonce: bytes, sealed: bytes, beside: bytes) -> bytes: ...


class _Sm4:
    """SM4-GCM (GB/T 32907)."""

    def __init__(self, key: bytes) -> None:
        self.algorithm = algorithms.SM4(key[:16])

    def seal(self, nonce: bytes, data: bytes, beside: bytes) -> bytes:
        sealer = Cipher(self.algorithm, modes.GCM(nonce)).encryptor()
        sealer.authenticate_additional_data(beside)
        return sealer.update(data) + sealer.finalize() + sealer.tag

    def open(self, nonce: bytes, sealed: bytes, beside: bytes) -> bytes:
        if len(sealed) < _TAG:
            raise InvalidTag
        mode = modes.GCM(nonce, sealed[-_TAG:])
        opener = Cipher(self.algorithm, mode).decryptor()
        opener.authenticate_additional_data(beside)
        return opener.update(sealed[:-_TAG]) + opener.finalize()


class _Aes:
    """AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        self.cipher = AESGCM(key)

    def seal(self, nonce: bytes, data: bytes, beside: bytes) -> bytes:
        return self.cipher.encrypt(nonce, data, beside)

    def open(self, nonce: bytes, sealed: bytes, beside: bytes) -> bytes:
        return self.cipher.decrypt(nonce, sealed, beside)


_CIPHERS: Final[Mapping[str, Callable[[bytes], _Sealer]]] = {SM4: _Sm4, AES: _Aes}


@dataclass(frozen=True, slots=True)
class Opening:
    """What stands in the clear in front."""

    kind: str
    program: str
    created_at: str
    cipher: str


class Digest:
    """SM3 beside SM4, SHA-256 beside AES."""

    def __init__(self, cipher: str) -> None:
        self._hash = hashes.Hash(hashes.SM3() if cipher == SM4 else hashes.SHA256())

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def hex(self) -> str:
        return self._hash.finalize().hex()


class Writer:
    """Parts go in; sealed blocks go to the file. Memory stays at one block."""

    def __init__(self, file: IO[bytes], opening: Opening, lock: Lock) -> None:
        self._file = file
        self.key = os.urandom(32)
        self.cipher = opening.cipher
        line = _line(opening, lock.close(self.key))
        file.write(MAGIC + line)
        self._sealer = _sealer(opening.cipher, self.key)
        self._beside = _beside(line)
        self._waiting = bytearray()
        self._number = 0
        self._digest: Digest | None = None
        self.digests: dict[str, str] = {}
        self.sizes: dict[str, int] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._put(_LENGTH.pack(len(name.encode())) + name.encode())
        self._digest, self.sizes[name] = Digest(self.cipher), 0
        self._name = name
        yield
        self._put(_LENGTH.pack(0))
        self.digests[name] = self._digest.hex()

    def write(self, data: bytes) -> None:
        """Of the part that is open."""
        if not data:
            return
        if self._digest is not None:
            self._digest.update(data)
        self.sizes[self._name] += len(data)
        self._put(_LENGTH.pack(len(data)) + data)

    def close(self) -> None:
        self._put(_LENGTH.pack(0))
        self._seal(is_last=True)

    def _put(self, data: bytes) -> None:
        self._waiting += data
        while len(self._waiting) > BLOCK:
            self._seal(is_last=False)

    def _seal(self, *, is_last: bool) -> None:
        data = bytes(self._waiting[:BLOCK])
        del self._waiting[:BLOCK]
        nonce = _nonce(self._number, is_last=is_last)
        sealed = self._sealer.seal(nonce, data, self._beside)
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


class Reader:
    """Gives the parts back in their order; every byte was checked before."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self.path = file, path
        self.opening, self.locks, line = _read_line(file, path)
        self._beside = _beside(line)
        self._sealer: _Sealer | None = None
        self._waiting = b""
        self._at = 0
        self._number = 0
        self._is_over = False
        self.key = b""

    def unlock(self, secrets: Sequence[Secret]) -> None:
        for lock in self.locks:
            for secret in secrets:
                if secret.kind == lock.get("kind"):
                    self._open(secret, lock)
                    return
        kinds = {str(lock.get("kind")) for lock in self.locks}
        if PUBLIC_KEY in kinds:
            words = ("私钥（--identity）", "its private key (--identity)")
            raise trouble.needs(self.path, *words)
        if PASSPHRASE in kinds:
            raise trouble.needs(self.path, "口令", "its passphrase")
        raise trouble.damaged(self.path)

    def unlock_with(self, key: bytes) -> None:
        """By the key itself: whoever has just written it."""
        self.key = key
        self._sealer = _sealer(self.opening.cipher, key)

    def parts(self) -> Iterator[tuple[str, "Part"]]:
        """Each part is read to its end before the next one."""
        while length := self._number_of_bytes():
            if length > _LONGEST_LINE:
                raise trouble.damaged(self.path)
            part = Part(self, Digest(self.opening.cipher))
            yield self._exactly(length).decode(), part
            part.skip()
        self._expect_the_end()

    def _open(self, secret: Secret, lock: dict[str, Any]) -> None:
        try:
            self.unlock_with(secret.open(lock))
        except NotOpened:
            raise trouble.wrong_secret(self.path) from None
        except (KeyError, ValueError):
            raise trouble.damaged(self.path) from None

    def _number_of_bytes(self) -> int:
        return int(_LENGTH.unpack(self._exactly(_LENGTH.size))[0])

    def _exactly(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            if self._at == len(self._waiting):
                self._next()
            piece = self._waiting[self._at : self._at + size - len(found)]
            self._at += len(piece)
            found += piece
        return bytes(found)

    def _next(self) -> None:
        if self._is_over or self._sealer is None:
            raise trouble.damaged(self.path)
        sealed = self._sealed_block()
        for is_last in False, True:
            nonce = _nonce(self._number, is_last=is_last)
            try:
                self._waiting = self._sealer.open(nonce, sealed, self._beside)
            except InvalidTag:
                continue
            self._at, self._is_over = 0, is_last
            self._number += 1
            return
        raise trouble.damaged(self.path)

    def _sealed_block(self) -> bytes:
        head = self._file.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise trouble.truncated(self.path)
        size = int(_LENGTH.unpack(head)[0])
        if size > BLOCK + _TAG:
            raise trouble.damaged(self.path)
        sealed = self._file.read(size)
        if len(sealed) < size:
            raise trouble.truncated(self.path)
        return sealed

    def _expect_the_end(self) -> None:
        if not self._is_over:
            self._next()
        if self._at != len(self._waiting) or self._file.read(1):
            raise trouble.damaged(self.path)


class Part:
    """One part's bytes, as they come."""

    def __init__(self, reader: Reader, digest: Digest) -> None:
        self._reader, self._digest = reader, digest
        self._is_over = False
        self.digest = ""

    def pieces(self) -> Iterator[bytes]:
        while not self._is_over:
            size = self._reader._number_of_bytes()
            if size == 0:
                self._is_over = True
                self.digest = self._digest.hex()
                return
            while size:
                piece = self._reader._exactly(min(size, BLOCK))
                size -= len(piece)
                self._digest.update(piece)
                yield piece

    def whole(self) -> bytes:
        return b"".join(self.pieces())

    def skip(self) -> None:
        for _piece in self.pieces():
            continue


def _line(opening: Opening, lock: dict[str, Any]) -> bytes:
    facts = {
        "format": FORMAT,
        "kind": opening.kind,
        "program": opening.program,
        "created_at": opening.created_at,
        "cipher": opening.cipher,
        "locks": [lock],
    }
    return json.dumps(facts, sort_keys=True).encode() + b"\n"


def _read_line(
    file: IO[bytes], path: Path
) -> tuple[Opening, list[dict[str, Any]], bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise trouble.no_backup(path)
    line = file.readline(_LONGEST_LINE)
    try:
        facts = json.loads(line)
        number, program = int(facts["format"]), str(facts["program"])[:40]
    except (ValueError, KeyError, TypeError):
        raise trouble.damaged(path) from None
    if number > FORMAT:
        raise trouble.newer(path, program)
    try:
        kind, made = str(facts["kind"]), str(facts["created_at"])
        opening = Opening(kind, program, made, str(facts["cipher"]))
        locks = [dict(lock) for lock in facts["locks"]]
    except (ValueError, KeyError, TypeError):
        raise trouble.damaged(path) from None
    if opening.cipher not in _CIPHERS:
        raise trouble.damaged(path)
    return opening, locks, line


def _sealer(cipher: str, key: bytes) -> _Sealer:
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"yilian backup blocks")
    return _CIPHERS[cipher](derived.derive(key))


def _beside(line: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(line)
    return digest.finalize()


def _nonce(number: int, *, is_last: bool) -> bytes:
    """Never twice under one key: every backup has a key of its own."""
    return number.to_bytes(11) + bytes([is_last])
