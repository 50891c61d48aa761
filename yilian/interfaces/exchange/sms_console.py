"""Short messages on the console, for demonstration and development, 短信网关.

The number is shown masked. One-time codes are readable in a demo, so that somebody
can sign in without a phone. With real people nothing of the words is shown: they
would lie in the journal.
"""

import sys

from django.conf import settings

from yilian.kernel.phone import mask_phone


class ConsoleGateway:
    def send(self, phone: str, text: str) -> None:
        words = text if settings.YILIAN_DEMO else "(not sent: no carrier is named)"
        sys.stdout.write(f"[SMS] {mask_phone(phone)} {words}\n")
        sys.stdout.flush()
