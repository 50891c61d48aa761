"""Readable numbers of slips and statements: 服务单号, 对账单号.

Kind + month + eight characters of the id; they say nothing of anybody.
"""

from datetime import date
from typing import Final
from uuid import UUID

SLIP: Final = "FW"
STATEMENT: Final = "DZ"
_TAIL: Final = 8


def number_of(kind: str, month: date, row_id: UUID) -> str:
    return f"{kind}{month:%y%m}-{row_id.hex[-_TAIL:].upper()}"
