"""What is written about places: `holds.py` claims them, `places.py` opens them."""

from yilian.resources.scheduling.services.holds import (
    expire_holds,
    hold_bed,
    hold_slot,
    release_hold,
    release_holds_of,
    use_hold,
)
from yilian.resources.scheduling.services.loading import load_many
from yilian.resources.scheduling.services.places import (
    cancel_slot,
    change_quota,
    close_bed,
    open_beds,
    open_slots,
    reopen_bed,
)

__all__ = [
    "cancel_slot",
    "change_quota",
    "close_bed",
    "expire_holds",
    "hold_bed",
    "hold_slot",
    "load_many",
    "open_beds",
    "open_slots",
    "release_hold",
    "release_holds_of",
    "reopen_bed",
    "use_hold",
]
