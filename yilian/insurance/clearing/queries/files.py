"""The books as a file for auditors: one row a posting, in one order, with a checksum.

Codes instead of names and no translation, so that the same month gives the same
bytes, and the checksum of a closed month can be checked with `sha256sum`.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from yilian.insurance.clearing.models import Entry, Posting
from yilian.insurance.clearing.rules.ledger import ACCOUNT_CODES, AccountKind

HEADS: Final = (
    "period", "happened_on", "posted_at", "consortium", "entry", "kind",
    "event_kind", "event_id", "institution", "counterparty", "account", "debit",
    "credit", "text", "clause", "item_code", "requester_percent", "reverses",
    "statement",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_FETCHED: Final = 2000


def digest_of_period(consortium_id: UUID, period: date) -> str:
    entries = Entry.objects.filter(consortium=consortium_id, period=period)
    return checksum(csv_of(rows_of(Posting.objects.filter(entry__in=entries))))


def checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def csv_of(rows: Iterable[tuple[str, ...]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADS)
    writer.writerows(rows)
    return buffer.getvalue()


def rows_of(postings: QuerySet[Posting]) -> Iterator[tuple[str, ...]]:
    rows = postings.select_related(
        "entry__consortium", "entry__statement", "account__institution",
        "account__counterparty",
    ).order_by(
        "entry__posted_at", "entry_id", "account__institution__code", "account__kind",
        "account__counterparty__code",
    )  # fmt: skip
    for row in rows.iterator(chunk_size=_FETCHED):
        yield _row(row)


def _row(row: Posting) -> tuple[str, ...]:
    entry, account = row.entry, row.account
    percent = entry.requester_percent
    return (
        f"{entry.period:%Y-%m}",
        entry.happened_on.isoformat(),
        entry.posted_at.astimezone(UTC).isoformat(),
        entry.consortium.code,
        str(entry.id),
        entry.kind,
        entry.event_kind,
        str(entry.event_id),
        account.institution.code,
        account.counterparty.code,
        ACCOUNT_CODES[AccountKind(account.kind)],
        f"{row.amount:.2f}" if row.amount > 0 else "",
        f"{-row.amount:.2f}" if row.amount < 0 else "",
        _plain(entry.text),
        entry.clause,
        _plain(entry.item_code),
        "" if percent is None else str(percent),
        str(entry.reverses_id or ""),
        entry.statement.number if entry.statement else "",
    )


def _plain(text: str) -> str:
    """A text that a spreadsheet would take for a formula stays a text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
