"""SM3 (GB/T 32905) over rows, over a batch of rows, over the chain of batches.

A row's digest covers every column. A batch closes under the root of a Merkle tree
(leaves and nodes marked apart, an odd one moves up as it is); each seal's chain
value covers the one before, so nothing can be taken out of the middle.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from yilian.foundation.audit.models import AuditEntry, AuditSeal
from yilian.foundation.vault.services import digest

START: Final = bytes(32)
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
_LINK: Final = b"\x02"
_ID_BYTES: Final = 16
_LEAF_BYTES: Final = 48

COLUMNS: Final = tuple(
    sorted(field.attname for field in AuditEntry._meta.concrete_fields)
)


@dataclass(frozen=True, slots=True)
class Leaf:
    id: UUID
    digest: bytes


def leaf_of(row: Sequence[Any]) -> Leaf:
    """`row` holds the values of COLUMNS, in that order."""
    facts = dict(zip(COLUMNS, row, strict=True))
    said = json.dumps(facts, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return Leaf(facts["id"], digest(_LEAF + said.encode()))


def root_of(leaves: Iterable[Leaf]) -> bytes:
    level = [leaf.digest for leaf in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [digest(_NODE + left + right) for left, right in pairs]
        level = above + level[len(above) * 2 :]
    return level[0] if level else START


def chain_of(seal: AuditSeal) -> bytes:
    facts = [seal.number, seal.first_xid, seal.up_to_xid, seal.rows]
    at = seal.sealed_at.astimezone(UTC).isoformat()
    said = json.dumps([*facts, at]).encode()
    return digest(_LINK + said + bytes(seal.previous) + bytes(seal.root))


def pack(leaves: Iterable[Leaf]) -> bytes:
    return b"".join(leaf.id.bytes + leaf.digest for leaf in leaves)


def unpack(packed: bytes) -> list[Leaf]:
    starts = range(0, len(packed) - len(packed) % _LEAF_BYTES, _LEAF_BYTES)
    rows = (packed[start : start + _LEAF_BYTES] for start in starts)
    return [Leaf(UUID(bytes=row[:_ID_BYTES]), row[_ID_BYTES:]) for row in rows]


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
