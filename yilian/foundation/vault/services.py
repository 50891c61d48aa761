"""Encrypt a short text, and index it so that an exact match can be found.

SM4-GCM by default (GB/T 32907), AES-256-GCM as the other provider; HMAC-SM3 for
the index. Key versions stand in front of the cipher text, so that a key can be
changed without rewriting old rows at once. Keys lie in the data folder, outside
backups.
"""

import hashlib
import hmac
import os
from functools import cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings

_NONCE: Final = 12
_TAG: Final = 16


def encrypt(plain: str) -> bytes:
    nonce = os.urandom(_NONCE)
    data = plain.encode()
    if settings.YILIAN_CIPHER == "aes":
        return b"a1" + nonce + AESGCM(_key("field-1")).encrypt(nonce, data, None)
    key = _key("field-1")[:16]
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    sealed = encryptor.update(data) + encryptor.finalize()
    return b"s1" + nonce + sealed + encryptor.tag


def decrypt(sealed: bytes | memoryview) -> str:
    blob = bytes(sealed)
    version, nonce, rest = blob[:2], blob[2 : 2 + _NONCE], blob[2 + _NONCE :]
    if version == b"a1":
        return AESGCM(_key("field-1")).decrypt(nonce, rest, None).decode()
    data, tag = rest[:-_TAG], rest[-_TAG:]
    key = _key("field-1")[:16]
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    return (decryptor.update(data) + decryptor.finalize()).decode()


def keyed_index(purpose: str, plain: str) -> str:
    """HMAC-SM3 in hex. `purpose` keeps a phone from matching an identity number."""
    mac = HMAC(_key("index-1"), hashes.SM3())
    mac.update(purpose.encode() + b"\0" + plain.encode())
    return mac.finalize().hex()


def digest(data: bytes) -> bytes:
    """SM3 (GB/T 32905)."""
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(data)
    return sm3.finalize()


def matches(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())


@cache
def _key(name: str) -> bytes:
    path = Path(settings.YILIAN_KEYS) / name
    if path.exists():
        return bytes.fromhex(path.read_text().strip())
    if settings.YILIAN_TESTING:
        return hashlib.sha256(name.encode()).digest()
    raise RuntimeError(f"key {name} is missing from the keys folder; run `yilian up`")
