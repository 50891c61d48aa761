"""What `GET /metrics` says on the port of live updates: who listens now."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from yilian.foundation.telemetry import access, measures
from yilian.interfaces.live.hub import Hub


def told(hub: Hub) -> bytes:
    return measures.now(lambda: _measured(hub))


def may_read(client: object, headers: dict[str, str]) -> bool:
    address = str(client[0]) if isinstance(client, list | tuple) and client else ""
    return access.may_read(address, headers, headers.get("authorization", ""))


def _measured(hub: Hub) -> Iterable[Metric]:
    pages = len(hub.subscribers)
    accounts = len({subscriber.account_id for subscriber in hub.subscribers})
    return [
        GaugeMetricFamily("yilian_live_pages", "Open pages that listen.", value=pages),
        GaugeMetricFamily(
            "yilian_live_accounts", "Accounts that they belong to.", value=accounts
        ),
        GaugeMetricFamily(
            "yilian_live_hears",
            "Whether notices are heard from the database.",
            value=int(not hub.is_deaf),
        ),
    ]
