"""Transactions leave in jobs, one person's at a time; clocks look for what is left."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from yilian.foundation.jobs.rules import every
from yilian.insurance.insurer.services import reconciling, sending
from yilian.insurance.insurer.services.handing import SEND
from yilian.insurance.insurer.services.reconciling import RECONCILE

_SERVICES = "yilian.insurance.insurer.services"
every(1, f"{_SERVICES}.sending.send_due")
every(10, f"{_SERVICES}.handing.collect")
every(1440, f"{_SERVICES}.reconciling.reconcile_yesterday")


@app.task(name=SEND, retry=RetryStrategy(max_attempts=3, wait=10))
def send(person_id: str) -> None:
    sending.send_of(UUID(person_id))


@app.task(name=RECONCILE, retry=RetryStrategy(max_attempts=3, wait=10))
def reconcile(reconciliation_id: str) -> None:
    reconciling.run(UUID(reconciliation_id))
