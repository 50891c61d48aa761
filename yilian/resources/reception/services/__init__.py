"""Coming and leaving: `encounters.py`; proof of being there: `presence.py`."""

from yilian.resources.reception.services.encounters import (
    close_encounter,
    enter_in_error,
    link_referral,
    open_encounter,
)
from yilian.resources.reception.services.loading import load_many
from yilian.resources.reception.services.presence import (
    ask_presence_code,
    prove_presence,
)

__all__ = [
    "ask_presence_code",
    "close_encounter",
    "enter_in_error",
    "link_referral",
    "load_many",
    "open_encounter",
    "prove_presence",
]
