"""Bills in, settlements out; what was wrong is taken back and booked again.

`posting.py` takes a bill in, `settling.py` settles and takes back, `filing.py` hears
late emergencies and appeals; `reading.py` shows money to who may see it.
"""

from yilian.insurance.settlement.services.costs import refresh_usual_costs
from yilian.insurance.settlement.services.coverage import CoverFacts, cover
from yilian.insurance.settlement.services.filing import (
    appeal,
    confirm_decision,
    decide,
    file_late,
)
from yilian.insurance.settlement.services.posting import post_bill
from yilian.insurance.settlement.services.settling import settle, take_back, void

__all__ = [
    "CoverFacts",
    "appeal",
    "confirm_decision",
    "cover",
    "decide",
    "file_late",
    "post_bill",
    "refresh_usual_costs",
    "settle",
    "take_back",
    "void",
]
