"""What the inbox and the SMS port announce."""

from dataclasses import dataclass
from uuid import UUID

from yilian.kernel.event import Event


@dataclass(frozen=True)
class NoticePosted(Event):
    notice_id: UUID
    institution_id: UUID | None
    account_id: UUID | None
    urgency: str


@dataclass(frozen=True)
class ShortMessageWritten(Event):
    message_id: UUID
