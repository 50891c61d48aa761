"""A settlement was booked or taken back: the insurer's system is told."""

from yilian.insurance.insurer.services.handing import hand_over
from yilian.insurance.settlement.events import Booked


def tell_insurer(event: Booked) -> None:
    hand_over(event.settlement_id)
