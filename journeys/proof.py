"""After any fault: nothing acknowledged is lost, nothing is there twice, no act is
without its audit row and its event, and all that waited has been done."""

from collections.abc import Callable
from dataclasses import dataclass
from subprocess import CompletedProcess
from uuid import UUID

from journeys.backstage import Backstage, until
from journeys.traffic import Traffic

Run = Callable[..., CompletedProcess[str]]

# Of each step since then: its audit rows, its events, its versions in the record.
_STEPS = """
SELECT row.id, row.referral_id, row.step,
  (SELECT count(*) FROM referral_referralstep same
    WHERE same.referral_id = row.referral_id AND same.step = row.step),
  (SELECT count(*) FROM audit_auditentry entry
    WHERE entry.object_id = row.referral_id AND entry.outcome = 'done'
    AND entry.action = 'referral.' || row.step),
  (SELECT count(*) FROM outbox_outboxmessage event
    WHERE event.body->>'step_id' = row.id::text),
  (SELECT count(*) FROM record_resource kept
    WHERE kept.type = 'ServiceRequest' AND kept.id = row.referral_id::text)
FROM referral_referralstep row
WHERE row.xmin::text::bigint >= %s AND row.step = ANY(%s)
"""
# Acts that were audited and left no step: one half of a transaction.
_WITHOUT_STEP = """
SELECT entry.object_id, entry.action FROM audit_auditentry entry
WHERE entry.xmin::text::bigint >= %s AND entry.outcome = 'done'
AND entry.action = ANY(%s) AND NOT EXISTS (
  SELECT 1 FROM referral_referralstep row
  WHERE row.referral_id = entry.object_id
  AND 'referral.' || row.step = entry.action)
"""
_BORN_WITHOUT_KEY = """
SELECT id FROM referral_referral row WHERE id <> ALL(%s) AND NOT EXISTS (
  SELECT 1 FROM idempotency_madeonce made WHERE made.result_id = row.id)
"""
_UNFINISHED = """
SELECT (SELECT count(*) FROM outbox_outboxmessage WHERE dispatched_at IS NULL)
  + (SELECT count(*) FROM outbox_delivery WHERE state = 'waiting')
"""
# The contests over a dead letter need some: their handler is none.
_DEAD = (
    "SELECT handler, last_error FROM outbox_delivery"
    " WHERE state = 'dead' AND handler <> 'bench'"
)
STEPS = ("submit", "withdraw")


@dataclass(frozen=True, slots=True)
class Proof:
    """What came after it began: told by transactions, for clocks may jump."""

    backstage: Backstage
    since: int
    before: list[UUID]

    @classmethod
    def begin(cls, backstage: Backstage) -> "Proof":
        since = backstage.one("SELECT pg_current_xact_id()::text::bigint")
        rows = backstage.rows("SELECT id FROM referral_referral")
        return cls(backstage, since, [row for (row,) in rows])

    def of(self, traffic: Traffic, run: Run, patience: float = 90.0) -> None:
        assert not traffic.unsettled, traffic.unsettled[:3]
        self.everything_was_delivered(patience)
        self._of_steps(traffic)
        self._of_keys(traffic)
        verified = run("audit", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr

    def everything_was_delivered(self, patience: float) -> None:
        until(lambda: self.backstage.one(_UNFINISHED) == 0, patience, "delivering")
        dead = self.backstage.rows(_DEAD)
        assert not dead, dead[:3]

    def _of_steps(self, traffic: Traffic) -> None:
        found = self.backstage.rows(_STEPS, self.since, list(STEPS))
        there = {(row[1], row[2]) for row in found}
        told = traffic.acknowledged
        assert len(told) == len(set(told))
        assert set(told) <= there, f"{len(set(told) - there)} acknowledged acts lost"
        odd = [row for row in found if row[3:] != (1, 1, 1, 1)]
        assert not odd, odd[:3]
        acts = [f"referral.{step}" for step in STEPS]
        half = self.backstage.rows(_WITHOUT_STEP, self.since, acts)
        assert not half, half[:3]

    def _of_keys(self, traffic: Traffic) -> None:
        kept = self.backstage.rows(
            "SELECT key, result_id FROM idempotency_madeonce WHERE key = ANY(%s)",
            list(traffic.made),
        )
        assert dict(kept) == traffic.made, "a key has made something else"
        unknown = self.backstage.rows(_BORN_WITHOUT_KEY, self.before)
        assert not unknown, unknown[:3]
