"""A bill came in: it is settled at once, where nobody needs to look at it first."""

from yilian.insurance.settlement.events import BillPosted
from yilian.insurance.settlement.services.automatic import settle_itself


def settle_posted(event: BillPosted) -> None:
    settle_itself(event.bill_id)
