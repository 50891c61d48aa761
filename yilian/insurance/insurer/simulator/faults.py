"""What goes wrong, for which share of the calls, the same for the same seed."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    TIMEOUT_AFTER_BOOKING = "timeout-after-booking"
    DUPLICATE = "duplicate"
    SLOW = "slow"
    REFUSE = "refuse"
    BAD_SIGNATURE = "bad-signature"


@dataclass(frozen=True, slots=True)
class Faults:
    kinds: tuple[Fault, ...] = ()
    share: float = 0.1
    seed: int = 1
    hold: float = 30.0  # seconds without an answer
    delay: float = 3.0  # of a slow answer

    def strikes(self, call: str) -> Fault | None:
        """`call` names it; at most one of the kinds befalls it."""
        if not self.kinds:
            return None
        said = hashlib.sha256(f"{self.seed}|{call}".encode()).digest()
        if int.from_bytes(said[:6], "big") / 2**48 >= self.share:
            return None
        return self.kinds[int.from_bytes(said[6:8], "big") % len(self.kinds)]
