"""What the database says at the moment when `/metrics` is asked.

Over a connection of its own, as `health.py`: a busy region is the one to measure.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import psycopg
from prometheus_client.core import GaugeMetricFamily, Metric

from yilian.config.runtime.health import address
from yilian.config.runtime.pulse import Pulse, feel

_WORDS: Final = {
    "events_waiting": "Events that no handler was told of yet.",
    "events_age": "Age of the oldest of them, in seconds.",
    "deliveries_waiting": "Events on their way to a handler.",
    "deliveries_age": "Age of the oldest of them, in seconds.",
    "dead_letters": "Events that could not be handed over; a person resends them.",
    "dead_messages": "Messages that no other system took; a person resends them.",
    "jobs_waiting": "Jobs that are due.",
    "jobs_running": "Jobs being done.",
    "jobs_stuck": "Jobs whose worker has fallen silent.",
    "workers": "Workers that have shown a sign of life.",
    "unsealed": "Audit rows that are not sealed yet.",
    "unsealed_age": "Age of the oldest of them, in seconds.",
}
_NAMES: Final = {
    "events_age": "events_oldest_seconds",
    "deliveries_age": "deliveries_oldest_seconds",
    "unsealed": "audit_unsealed_rows",
    "unsealed_age": "audit_unsealed_oldest_seconds",
}


def measured() -> Iterable[Metric]:
    """A database that does not answer is a measure as well."""
    try:
        with psycopg.connect(**address("yilian metrics"), autocommit=True) as line:
            line.execute("SET statement_timeout = '5s'")  # writes: nothing
            pulse = feel(line)
    except psycopg.Error:
        return [_up(0)]
    return [_up(1), *_numbers(pulse), *_referrals(pulse)]


def _up(is_up: int) -> Metric:
    words = "Whether the database answers."
    return GaugeMetricFamily("yilian_database_up", words, value=is_up)


def _numbers(pulse: Pulse) -> Iterator[Metric]:
    for name, words in _WORDS.items():
        value = getattr(pulse, name)
        told = f"yilian_{_NAMES.get(name, name)}"
        yield GaugeMetricFamily(told, words, value=value)


def _referrals(pulse: Pulse) -> Iterator[Metric]:
    opened = GaugeMetricFamily(
        "yilian_referrals_open", "Referrals under way.", labels=("urgency",)
    )
    late = GaugeMetricFamily(
        "yilian_referrals_overdue",
        "Referrals whose receiver should have answered by now.",
        labels=("urgency",),
    )
    for urgency in ("stat", "urgent", "routine"):
        is_open, is_late = pulse.referrals.get(urgency, (0, 0))
        opened.add_metric([urgency], is_open)
        late.add_metric([urgency], is_late)
    yield opened
    yield late
