"""Letters leave in jobs, one peer at a time; a clock looks for those left over."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yilian.foundation.jobs.rules import every
from yilian.interfaces.exchange.outgoing.services import sending
from yilian.interfaces.exchange.outgoing.services.dispatching import SEND

every(1, "yilian.interfaces.exchange.outgoing.services.sending.send_due")


@app.task(name=SEND, retry=RetryStrategy(max_attempts=3, wait=10))
def send(peer_id: str) -> None:
    sending.send_to(UUID(peer_id))
