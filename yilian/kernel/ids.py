"""Opaque identifiers. Never an identity number: those are facts, not keys."""

import os
import time
from typing import Final
from uuid import UUID

NIL: Final = UUID(int=0)


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): rows made together lie together in an index."""
    millis = time.time_ns() // 1_000_000
    rand = int.from_bytes(os.urandom(10))
    value = (millis & (1 << 48) - 1) << 80 | 0x7 << 76 | (rand >> 68) << 64
    return UUID(int=value | 0b10 << 62 | rand & (1 << 62) - 1)
