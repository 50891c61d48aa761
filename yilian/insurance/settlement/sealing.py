"""What a settlement's digest is taken over: all that its row says."""

import json
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from yilian.foundation.vault.services import digest
from yilian.insurance.settlement.models_bill import Settlement


def digest_of(row: Settlement) -> str:
    """SM3 in hex; the same for the row as it is booked and as it is read back."""
    said = {name: _plain(getattr(row, name)) for name in _SAID}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return digest(text.encode()).hex()


_SAID = tuple(
    field.attname
    for field in Settlement._meta.concrete_fields
    if field.attname != "digest"
)


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | dict):
        return value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return int(value.timestamp() * 1_000_000)
    if isinstance(value, date | UUID):
        return str(value)
    raise TypeError(type(value).__name__)
