"""What waits behind the pages, in numbers: for the doctor and for `/metrics`.

Counts alone, each from an index that holds only what is unfinished, so that asking
costs the same in a large region as in a small one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from yilian.care.referral.rules.states import LIVE, State

SILENT: Final = 15  # seconds without a sign of life

_NUMBERS: Final = f"""
SELECT
    (SELECT count(*) FROM outbox_outboxmessage WHERE dispatched_at IS NULL)
        AS events_waiting,
    (SELECT extract(epoch FROM now() - min(created_at)) FROM outbox_outboxmessage
        WHERE dispatched_at IS NULL) AS events_age,
    (SELECT count(*) FROM outbox_delivery WHERE state = 'waiting')
        AS deliveries_waiting,
    (SELECT extract(epoch FROM now() - min(created_at)) FROM outbox_delivery
        WHERE state = 'waiting') AS deliveries_age,
    (SELECT count(*) FROM outbox_delivery WHERE state = 'dead') AS dead_letters,
    (SELECT count(*) FROM outgoing_letter WHERE state = 'dead') AS dead_messages,
    (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'
        AND (scheduled_at IS NULL OR scheduled_at <= now())) AS jobs_waiting,
    (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing') AS jobs_running,
    (SELECT count(*) FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w
        ON w.id = j.worker_id WHERE j.status = 'doing' AND (w.id IS NULL
        OR w.last_heartbeat < now() - interval '{SILENT} s')) AS jobs_stuck,
    (SELECT count(*) FROM procrastinate_workers
        WHERE last_heartbeat > now() - interval '{SILENT} s') AS workers,
    (SELECT count(*) FROM audit_auditentry WHERE xid >= {{reached}}) AS unsealed,
    (SELECT extract(epoch FROM now() - min(at)) FROM audit_auditentry
        WHERE xid >= {{reached}}) AS unsealed_age
"""  # noqa: S608 names of our own
_REACHED: Final = "SELECT coalesce(max(up_to_xid), 0) FROM audit_auditseal"
_LIVE: Final = ", ".join(f"'{state.value}'" for state in sorted(LIVE))
_REFERRALS: Final = f"""
SELECT urgency, count(*) AS open, count(*) FILTER (
    WHERE state = '{State.SUBMITTED.value}' AND answer_due_at <= now()) AS overdue
FROM referral_referral WHERE state IN ({_LIVE}) GROUP BY urgency
"""  # noqa: S608 names of our own


@dataclass(frozen=True, slots=True)
class Pulse:
    """Ages in seconds, of the oldest; 0 when nothing waits."""

    events_waiting: int
    events_age: float
    deliveries_waiting: int
    deliveries_age: float
    dead_letters: int
    dead_messages: int
    jobs_waiting: int
    jobs_running: int
    jobs_stuck: int
    workers: int
    unsealed: int
    unsealed_age: float
    referrals: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def feel(connection: "psycopg.Connection[Any]") -> Pulse:
    """`referrals`: urgency → open, and of these overdue for an answer."""
    with connection.cursor(row_factory=dict_row) as cursor:
        (reached,) = cursor.execute(_REACHED).fetchone().values()  # type: ignore[union-attr]
        asked = _NUMBERS.format(reached=int(reached))
        found = cursor.execute(asked).fetchone() or {}
        lines = cursor.execute(_REFERRALS).fetchall()
    numbers: dict[str, Any] = {name: value or 0 for name, value in found.items()}
    ages = {name: float(numbers[name]) for name in numbers if name.endswith("_age")}
    referrals = {row["urgency"]: (row["open"], row["overdue"]) for row in lines}
    return Pulse(**{**numbers, **ages, "referrals": referrals})
