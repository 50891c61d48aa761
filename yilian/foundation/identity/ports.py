"""What sign-in asks of the layer above, which alone knows residents."""

from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

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
