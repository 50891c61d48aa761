"""Proof that a person is there: a health card or an insurance code, read at a desk.

The reader turns a token into a person; the token itself is never kept. Without a
reader nobody is recognised; the demo has a simulated one.
"""

from typing import Final, Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from yilian.foundation.vault.services import keyed_index, matches


class PresenceToken(Protocol):
    def person_of(self, token: str) -> UUID | None:
        """Whose card or code this is; None when nobody's, or it is out of date."""


class NoReader:
    """Where no card reader is connected."""

    def person_of(self, token: str) -> UUID | None:
        return None


class SimulatedCards:
    """Invented cards for the demo: the person's id, signed with the index key."""

    _SIGNED: Final = 16

    def card_of(self, person_id: UUID) -> str:
        return f"{person_id.hex}{self._sign(person_id.hex)}".upper()

    def person_of(self, token: str) -> UUID | None:
        hex_id, signature = token[:-16].lower(), token[-16:].lower()
        try:
            person_id = UUID(hex=hex_id)
        except ValueError:
            return None
        is_ours = matches(self._sign(person_id.hex), signature)
        return person_id if is_ours else None

    def _sign(self, hex_id: str) -> str:
        return keyed_index("demo-card", hex_id)[: self._SIGNED]


def presence_token() -> PresenceToken:
    """The reader that the settings name; in the demo, invented cards."""
    named = getattr(settings, "YILIAN_PRESENCE_TOKEN", "")
    if named:
        return cast(PresenceToken, import_string(named)())
    return SimulatedCards() if settings.YILIAN_DEMO else NoReader()


def demo_card_of(person_id: UUID) -> str:
    """What the demo's desk may scan; "" outside the demo."""
    return SimulatedCards().card_of(person_id) if settings.YILIAN_DEMO else ""
