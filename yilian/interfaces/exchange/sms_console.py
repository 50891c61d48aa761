"""Short messages on the console, for demonstration and development, 短信网关.

The number is shown masked. One-time codes are readable here, so that somebody can
sign in without a phone: never the adapter of a system with real people.
"""

import sys

from yilian.kernel.phone import mask_phone


class ConsoleGateway:
    def send(self, phone: str, text: str) -> None:
        sys.stdout.write(f"[SMS] {mask_phone(phone)} {text}\n")
        sys.stdout.flush()
