"""What identity asks of the layers above, which alone know residents and posts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from yilian.foundation.access.actor import Actor
from yilian.foundation.identity.models import Account


class Residents(Protocol):
    """A resident is named by the keyed index of the identity number, never by the
    number. Every answer is the same whether or not there is such a person."""

    def subject(self, number: str) -> str:
        """Raises `Invalid` for what cannot be an identity number."""
        ...

    def ask(self, subject: str) -> str | None:
        """Sends a code; gives it back only in the demo, to be shown on the page."""
        ...

    def enter(self, subject: str, code: str) -> Account | None: ...


def residents() -> Residents:
    return cast(Residents, import_string(settings.YILIAN_RESIDENTS))


@dataclass(frozen=True, slots=True)
class Hint:
    """To whom a session belonged when it was last read, in its own words; without a
    post, a resident."""

    account: str
    post: str | None


@dataclass(frozen=True, slots=True)
class SessionRead:
    """A session as it is kept, and the account and actor of the hint."""

    data: str
    expires_at: datetime
    account: Account | None
    actor: Actor | None


# Key, now, hint; None when no such session stands. Named by `YILIAN_SESSION_READER`.
ReadSession = Callable[[str, datetime, Hint], SessionRead | None]
