"""A referral moved: the systems concerned are written to."""

from yilian.care.referral.events import ReferralEvent
from yilian.interfaces.exchange.outgoing.services.dispatching import write_letters


def tell_peers(event: ReferralEvent) -> None:
    write_letters(event)
