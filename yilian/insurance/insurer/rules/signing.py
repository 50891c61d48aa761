"""Who said it and that nothing was changed: HMAC-SM3 over each message, both ways.

The signature of an answer covers the question's nonce, so that no answer can be
given twice. See docs/insurer.md.
"""

import hmac
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

MOST_SKEW: Final = 300  # seconds between the two clocks
SENDER: Final = "X-Yilian-Sender"
TIMESTAMP: Final = "X-Yilian-Timestamp"
NONCE: Final = "X-Yilian-Nonce"
SIGNATURE: Final = "X-Yilian-Signature"
LEAST_KEY: Final = 32


def sign_request(key: bytes, path: str, who: tuple[str, str, str], body: bytes) -> str:
    """`who`: sender, moment (seconds since 1970), nonce."""
    return _signed(key, "request", path, *who, _digest(body))


def sign_answer(key: bytes, status: int, nonce: str, body: bytes) -> str:
    return _signed(key, "answer", str(status), nonce, _digest(body))


def is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def is_in_time(timestamp: str, now: float) -> bool:
    return (
        timestamp.isascii()
        and timestamp.isdecimal()
        and (abs(int(timestamp) - now) <= MOST_SKEW)
    )


def _signed(key: bytes, *parts: str) -> str:
    mac = HMAC(key, hashes.SM3())
    mac.update("\n".join(parts).encode())
    return mac.finalize().hex()


def _digest(body: bytes) -> str:
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(body)
    return sm3.finalize().hex()
