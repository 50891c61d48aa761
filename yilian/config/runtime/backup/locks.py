"""Who may open a backup: whoever knows a passphrase, or holds a private key.

Each backup has a random key of its own; a lock wraps that key. With a public key a
server can write backups that it cannot read again.
"""

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from yilian.config.runtime.trouble import CannotStart

PASSPHRASE: Final = "passphrase"  # noqa: S105 a kind of lock
PUBLIC_KEY: Final = "x25519"
SHORTEST: Final = 12
_COST: Final = 2**16  # 64 MB and about 0.2 s a guess
_MOST: Final = 2**18  # a forged header must not take the machine's memory
_NONCE: Final = bytes(12)  # each wrapping key is used once


class NotOpened(Exception):
    """The secret does not fit."""


class Lock(Protocol):
    """Wraps a backup's key for somebody."""

    def close(self, key: bytes) -> dict[str, Any]: ...


class Secret(Protocol):
    """Opens what a lock of its kind has closed."""

    kind: str

    def open(self, lock: Mapping[str, Any]) -> bytes: ...


class Passphrase:
    """Lock and secret at once."""

    kind = PASSPHRASE

    def __init__(self, words: str) -> None:
        self.words = words.encode()

    def close(self, key: bytes) -> dict[str, Any]:
        salt = os.urandom(16)
        wrapped = AESGCM(self._stretched(salt, _COST)).encrypt(_NONCE, key, None)
        facts = {"salt": _text(salt), "cost": _COST, "wrapped": _text(wrapped)}
        return {"kind": self.kind, **facts}

    def open(self, lock: Mapping[str, Any]) -> bytes:
        cost = int(lock["cost"])
        if not _COST <= cost <= _MOST:
            raise NotOpened
        key = self._stretched(_bytes(lock["salt"]), cost)
        return _unwrapped(key, lock)

    def _stretched(self, salt: bytes, cost: int) -> bytes:
        return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(self.words)


class PublicKey:
    """Only the holder of the private key opens what this closes."""

    def __init__(self, key: X25519PublicKey) -> None:
        self.key = key

    @classmethod
    def read(cls, path: Path) -> "PublicKey":
        try:
            key = serialization.load_pem_public_key(path.read_bytes())
        except ValueError:
            raise _no_key(path) from None
        if not isinstance(key, X25519PublicKey):
            raise _no_key(path)
        return cls(key)

    def close(self, key: bytes) -> dict[str, Any]:
        once = X25519PrivateKey.generate()
        mine = once.public_key().public_bytes_raw()
        shared = once.exchange(self.key)
        theirs = self.key.public_bytes_raw()
        wrapped = AESGCM(_agreed(shared, mine, theirs)).encrypt(_NONCE, key, None)
        return {"kind": PUBLIC_KEY, "once": _text(mine), "wrapped": _text(wrapped)}


class PrivateKey:
    kind = PUBLIC_KEY

    def __init__(self, key: X25519PrivateKey) -> None:
        self.key = key

    @classmethod
    def read(cls, path: Path, passphrase: str) -> "PrivateKey":
        try:
            key = serialization.load_pem_private_key(
                path.read_bytes(), passphrase.encode()
            )
        except (ValueError, TypeError):
            raise CannotStart(
                f"口令打不开私钥文件 {path}，或它不是私钥。",
                f"The passphrase does not open the private key {path}, or it is none.",
            ) from None
        if not isinstance(key, X25519PrivateKey):
            raise _no_key(path)
        return cls(key)

    def open(self, lock: Mapping[str, Any]) -> bytes:
        once = _bytes(lock["once"])
        shared = self.key.exchange(X25519PublicKey.from_public_bytes(once))
        mine = self.key.public_key().public_bytes_raw()
        return _unwrapped(_agreed(shared, once, mine), lock)


def make_pair(path: Path, passphrase: str) -> tuple[Path, Path]:
    """A private key under a passphrase, and its public half beside it."""
    key = X25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    beside = path.with_name(f"{path.name}.pub")
    for where, content in (path, private), (beside, public):
        handle = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    return path, beside


def _agreed(shared: bytes, once: bytes, theirs: bytes) -> bytes:
    info = b"yilian backup lock"
    return HKDF(hashes.SHA256(), 32, salt=once + theirs, info=info).derive(shared)


def _unwrapped(key: bytes, lock: Mapping[str, Any]) -> bytes:
    try:
        return AESGCM(key).decrypt(_NONCE, _bytes(lock["wrapped"]), None)
    except InvalidTag:
        raise NotOpened from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: object) -> bytes:
    return base64.b64decode(str(text), validate=True)


def _no_key(path: Path) -> CannotStart:
    return CannotStart(
        f"{path} 不是备份用的密钥文件。请用 yilian backup-identity 生成。",
        f"{path} is no key for backups. Make one with yilian backup-identity.",
    )
