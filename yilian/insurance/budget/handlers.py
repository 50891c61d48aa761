"""Something was settled or taken back: the day it was booked is rolled up anew. An
amount was refused: the pool's refusals take it over."""

from yilian.insurance.budget.services import collect_refusals_of, roll_up_day
from yilian.insurance.settlement.events import (
    AmountRefused,
    BillSettled,
    SettlementReversed,
)


def count_use(event: BillSettled | SettlementReversed) -> None:
    """Idempotent: the day is made of what stands in the settlements now."""
    roll_up_day(event.insured_area, event.booked_on)


def take_refusal_over(event: AmountRefused) -> None:
    """Idempotent: each refusal is taken over once."""
    collect_refusals_of(event.insured_area, event.refused_on)
