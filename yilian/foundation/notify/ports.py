"""The way out to phones. The adapter is named in the settings."""

from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class ShortMessageGateway(Protocol):
    def send(self, phone: str, text: str) -> None:
        """Raises when the carrier did not take it: it is tried again later."""


def gateway() -> ShortMessageGateway:
    adapter: ShortMessageGateway = import_string(settings.YILIAN_SHORT_MESSAGES)()
    return adapter
