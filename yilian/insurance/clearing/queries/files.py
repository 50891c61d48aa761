"""The books as a file for auditors: one row a posting, in one order, with a checksum.

Codes instead of names and no translation, so that the same month gives the same
bytes, and the checksum of a closed month can be checked with `sha256sum`.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
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
    rows = postings.order_by(
        "entry__posted_at", "entry_id", "account__institution__code", "account__kind",
        "account__counterparty__code",
    ).values_list(*_FIELDS)  # fmt: skip
    for row in rows.iterator(chunk_size=_FETCHED):
        yield _row(*row)


_FIELDS: Final = (
    "entry__period", "entry__happened_on", "entry__posted_at",
    "entry__consortium__code", "entry_id", "entry__kind", "entry__event_kind",
    "entry__event_id", "account__institution__code", "account__counterparty__code",
    "account__kind", "amount", "entry__text", "entry__clause", "entry__item_code",
    "entry__requester_percent", "entry__reverses_id", "entry__statement__number",
)  # fmt: skip


def _row(  # noqa: PLR0917 the columns in their order
    period: date, day: date, at: datetime, consortium: str, entry: UUID, kind: str,
    event: str, event_id: UUID, house: str, against: str, account: str,
    amount: Decimal, text: str, ground: str, item: str, percent: int | None,
    reverses: UUID | None, statement: str | None,
) -> tuple[str, ...]:  # fmt: skip
    return (
        f"{period:%Y-%m}",
        day.isoformat(),
        at.astimezone(UTC).isoformat(),
        consortium,
        str(entry),
        kind,
        event,
        str(event_id),
        house,
        against,
        ACCOUNT_CODES[AccountKind(account)],
        f"{amount:.2f}" if amount > 0 else "",
        f"{-amount:.2f}" if amount < 0 else "",
        _plain(text),
        ground,
        _plain(item),
        "" if percent is None else str(percent),
        str(reverses or ""),
        statement or "",
    )


def _plain(text: str) -> str:
    """A text that a spreadsheet would take for a formula stays a text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
