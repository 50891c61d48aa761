"""Something was settled or taken back: the day it was booked is rolled up anew."""

from yilian.insurance.budget.services import roll_up_day
from yilian.insurance.settlement.events import BillSettled, SettlementReversed


def count_use(event: BillSettled | SettlementReversed) -> None:
    """Idempotent: the day is made of what stands in the settlements now."""
    roll_up_day(event.insured_area, event.booked_on)
