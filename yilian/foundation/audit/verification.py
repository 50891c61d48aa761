"""Recomputing every seal from the rows as they are now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from yilian.foundation.audit.digests import (
    COLUMNS,
    START,
    Leaf,
    chain_of,
    leaf_of,
    root_of,
    unpack,
)
from yilian.foundation.audit.models import AuditEntry, AuditSeal
from yilian.kernel.text import Text, _

MOST_SHOWN: Final = 20


class Trouble(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    SEAL = "seal"  # the seal itself, or its place in the chain


TROUBLE_NAMES: Final = {
    Trouble.CHANGED: _("记录被改动"),
    Trouble.MISSING: _("记录缺失"),
    Trouble.ADDED: _("记录是事后加入的"),
    Trouble.SEAL: _("封存本身被改动或缺失"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    trouble: Trouble
    seal: int | None  # None: before the first
    entry_id: UUID | None = None

    @property
    def words(self) -> str:
        return TROUBLE_NAMES[self.trouble]


@dataclass(frozen=True, slots=True)
class Verification:
    """`unsealed` rows are new: about a minute old at most while the worker runs."""

    seals: int
    rows: int
    findings: tuple[Finding, ...]
    unsealed: int
    unsealed_for: timedelta | None
    head: str  # the last chain value: kept elsewhere, it guards the end of the chain
    checked_at: datetime

    @property
    def is_clean(self) -> bool:
        return not self.findings

    @property
    def words(self) -> Text:
        if self.is_clean:
            return Text(
                _("审计链完整：{seals} 次封存，{rows} 条记录，没有发现改动。"),
                {"seals": self.seals, "rows": self.rows},
            )
        return Text(
            _("审计链有 {count} 处问题：{seals} 次封存，{rows} 条记录。"),
            {"count": len(self.findings), "seals": self.seals, "rows": self.rows},
        )

    def __str__(self) -> str:
        lines = [str(self.words)]
        for finding in self.findings[:MOST_SHOWN]:
            which = finding.entry_id or ""
            lines.append(f"  #{finding.seal or '-'} {finding.words} {which}".rstrip())
        if len(self.findings) > MOST_SHOWN:
            lines.append(f"  … {len(self.findings) - MOST_SHOWN}")
        age = int(self.unsealed_for.total_seconds()) if self.unsealed_for else 0
        lines.append(f"尚未封存 unsealed: {self.unsealed} ({age} s)")
        lines.append(f"链尾 head: {self.head}")
        return "\n".join(lines)


def verify() -> Verification:
    """What is sealed meanwhile counts as not sealed yet."""
    with transaction.atomic():
        return _verify()


def _verify() -> Verification:
    findings: list[Finding] = []
    previous, number, reached, rows = START, 0, 0, 0
    for seal in AuditSeal.objects.order_by("number").iterator(chunk_size=20):
        number += 1
        if not _fits(seal, number, previous, reached):
            findings.append(Finding(Trouble.SEAL, seal.number))
            number = seal.number
        findings += _changes(seal)
        previous, reached = bytes(seal.chain), seal.up_to_xid
        rows += seal.rows
    unsealed, since = _tail(reached)
    return Verification(
        seals=number,
        rows=rows,
        findings=tuple(findings),
        unsealed=unsealed,
        unsealed_for=timezone.now() - since if since else None,
        head=previous.hex(),
        checked_at=timezone.now(),
    )


def _fits(seal: AuditSeal, number: int, previous: bytes, reached: int) -> bool:
    leaves = unpack(bytes(seal.leaves))
    return (
        seal.number == number
        and seal.first_xid == reached
        and bytes(seal.previous) == previous
        and seal.rows == len(leaves)
        and bytes(seal.root) == root_of(leaves)
        and bytes(seal.chain) == chain_of(seal)
    )


def _changes(seal: AuditSeal) -> Iterator[Finding]:
    sealed = {leaf.id: leaf.digest for leaf in unpack(bytes(seal.leaves))}
    for leaf in leaves_between(seal.first_xid, seal.up_to_xid):
        expected = sealed.pop(leaf.id, None)
        if expected is None:
            yield Finding(Trouble.ADDED, seal.number, leaf.id)
        elif expected != leaf.digest:
            yield Finding(Trouble.CHANGED, seal.number, leaf.id)
    for entry_id in sealed:
        yield Finding(Trouble.MISSING, seal.number, entry_id)


def leaves_between(first_xid: int, up_to_xid: int) -> Iterator[Leaf]:
    rows = AuditEntry.objects.filter(xid__gte=first_xid, xid__lt=up_to_xid)
    ordered = rows.order_by("xid", "id").values_list(*COLUMNS)
    return (leaf_of(row) for row in ordered.iterator(chunk_size=2000))


def _tail(reached: int) -> tuple[int, datetime | None]:
    rows = AuditEntry.objects.filter(xid__gte=reached)
    return rows.count(), rows.aggregate(first=Min("at"))["first"]
