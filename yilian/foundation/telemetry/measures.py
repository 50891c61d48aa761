"""What is counted of requests, and how it is told to Prometheus.

Addresses appear as their pattern (`referrals/<uuid:referral_id>/`), never with an
id. With `shared.share_measures` the numbers of all workers are told together.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from yilian.foundation.telemetry.shared import VARIABLE

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})

registry = CollectorRegistry()
_SEEN: Final = Counter(
    "yilian_requests",
    "Requests answered, by pattern of address, method and status.",
    ("route", "method", "status"),
    registry=registry,
)
_TOOK: Final = Histogram(
    "yilian_request_seconds",
    "How long a request took, waiting for its turn included.",
    ("route",),
    buckets=_BUCKETS,
    registry=registry,
)
_UNDER_WAY: Final = Gauge(
    "yilian_requests_under_way",
    "Requests that are being answered or wait for their turn.",
    multiprocess_mode="livesum",
    registry=registry,
)
_POOL: Final = Gauge(
    "yilian_database_connections",
    "Connections of the pages to the database, by what they do.",
    ("state",),
    multiprocess_mode="livesum",
    registry=registry,
)


def begin() -> None:
    _UNDER_WAY.inc()


def end(*, route: str, method: str, status: int, seconds: float) -> None:
    _UNDER_WAY.dec()
    known = method if method in _METHODS else "other"
    _SEEN.labels(route, known, str(status)).inc()
    _TOOK.labels(route).observe(seconds)


def note_pool(stats: dict[str, int]) -> None:
    size = stats.get("pool_size", 0)
    free = stats.get("pool_available", 0)
    for state, number in (
        ("open", size),
        ("used", size - free),
        ("waited_for", stats.get("requests_waiting", 0)),
    ):
        _POOL.labels(state).set(number)


class _Now(Collector):
    """Asked at each telling."""

    def __init__(self, tell: Callable[[], Iterable[Metric]]) -> None:
        self.tell = tell

    def collect(self) -> Iterable[Metric]:
        return self.tell()


def exposition(*others: Callable[[], Iterable[Metric]]) -> bytes:
    """Everything as Prometheus reads it; `others` are asked at this moment."""
    folder = os.environ.get(VARIABLE)
    told: Any = registry
    if folder:
        _forget_the_dead(Path(folder))
        told = CollectorRegistry()
        MultiProcessCollector(told, path=folder)  # type: ignore[no-untyped-call]
    return generate_latest(told) + b"".join(now(other) for other in others)


def now(tell: Callable[[], Iterable[Metric]]) -> bytes:
    """Only what is asked at this moment."""
    asked = CollectorRegistry()
    asked.register(_Now(tell))
    return generate_latest(asked)


def _forget_the_dead(folder: Path) -> None:
    """What a worker was doing when it died is not under way any more."""
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]
