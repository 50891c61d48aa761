"""Until when an emergency may be registered late (RI-4)."""

from datetime import datetime

from django.utils import timezone

from yilian.foundation.parameters.working_days import working_days
from yilian.insurance.settlement.models import Bill
from yilian.insurance.settlement.queries.parameters import line_of
from yilian.kernel.calendar import add_working_days, start_of_day


def late_filing_until(bill: Bill) -> datetime:
    """Counted from the discharge, with which the bill comes; whoever is still in
    hospital is registered by the referral's own emergency step."""
    in_force = line_of(bill.insured_area).parameters.on(bill.discharged_on)
    days: int = in_force.value("emergency_filing_days")
    begun = start_of_day(bill.discharged_on)
    return add_working_days(begun, days + 1, working_days(timezone.now()))
