"""The listener for messages killed with kill -9 while foreign systems send.

.venv/bin/python -m bench.faults.messages [--times 40] [--seed N]
"""

import json
import random
import statistics
import time
from pathlib import Path
from typing import Final
from uuid import UUID

from bench.faults.stage import beside, show, stage, times
from journeys.backstage import Backstage, until
from journeys.messages import (
    REFER,
    Listener,
    Pause,
    Senders,
    groups_of,
    listening,
    sender_of,
)
from journeys.proof import Proof, Run

SENDERS: Final = 6
PATIENTS: Final = 24
SHORTEST, LONGEST = 0.3, 2.0  # seconds between two deaths

_KEPT: Final = """
SELECT row.id, row.control_id, row.kind, row.state, row.referral_id,
  (SELECT count(*) FROM audit_auditentry entry WHERE entry.object_id = row.id
    AND entry.action = 'exchange.receive' AND entry.outcome = 'done'),
  (SELECT count(*) FROM referral_referralstep step
    WHERE step.referral_id = row.referral_id AND step.step =
    CASE row.kind WHEN 'REF^I12' THEN 'submit' ELSE 'withdraw' END)
FROM intake_received row WHERE row.feed_id = %s
"""
_MADE: Final = """
SELECT count(*) FROM referral_referral row JOIN intake_feed feed
  ON feed.account_id = row.created_by_id WHERE feed.id = %s
"""


def drill(
    backstage: Backstage, run: Run, deaths: int, pause: Pause
) -> dict[str, object]:
    """Raises when anything acknowledged was lost, or anything is there twice."""
    made = beside(backstage.data, "bench.senders", str(PATIENTS))
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    proof = Proof.begin(backstage)
    gaps = []
    with listening(backstage.data) as listener:
        senders = Senders(sender_of(told), listener.port)
        senders.start(groups_of(told, SENDERS))
        until(lambda: senders.moments, 60, "the first answer")
        for _death in range(deaths):
            time.sleep(pause())
            gaps.append(_killed(listener, senders))
        senders.stop()
        listener.stop()
    _prove(backstage, senders)
    proof.everything_was_delivered(90)
    verified = run("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    return {
        "killed": f"{deaths} times",
        "acknowledged messages": len(senders.acknowledged),
        "sent again": senders.sent_again,
        "other answers": dict(senders.others.most_common(6)),
        "until the next answer, median and longest, s": (
            f"{statistics.median(gaps):.1f}, {max(gaps):.1f}"
        ),
        "lost, doubled, without audit": 0,
        "audit verify": "clean",
    }


def _killed(listener: Listener, senders: Senders) -> float:
    """How long nobody was answered."""
    listener.kill()
    died_at = time.monotonic()
    listener.start()
    until(lambda: senders.moments[-1] > died_at, 60, "an answer")
    return min(at for at in senders.moments if at > died_at) - died_at


def _prove(backstage: Backstage, senders: Senders) -> None:
    """What was acknowledged is there, once, done, written down; and nothing else."""
    assert not senders.unsettled, senders.unsettled[:3]
    feed = UUID(senders.sender.feed)
    rows = backstage.rows(_KEPT, feed)
    there = {control_id: (kind, state) for _id, control_id, kind, state, *_ in rows}
    assert len(there) == len(rows), "a message is there twice"
    told = {key: (kind, "done") for key, kind in senders.acknowledged.items()}
    lost = told.keys() - there.keys()
    assert not lost, f"{len(lost)} acknowledged messages lost"
    assert there == told, sorted(set(there.items()) - set(told.items()))[:3]
    odd = [row for row in rows if row[5:] != (1, 1)]
    assert not odd, odd[:3]
    referrals = backstage.one(_MADE, feed)
    written = sum(kind == REFER for kind in senders.acknowledged.values())
    assert referrals == written, f"{referrals} referrals of {written} messages"
    missing = [row[0] for row in rows if not _file(backstage.data, row[0]).exists()]
    assert not missing, f"{len(missing)} messages are not on the disk"


def _file(data: Path, message_id: UUID) -> Path:
    name = message_id.hex
    return data / "files" / "messages" / name[:4] / name[4:7] / name


def main() -> None:
    count, seed = times(40, what=__doc__ or "")
    chance = random.Random(seed)
    with stage() as on:
        facts = drill(
            on.backstage, on.run, count, lambda: chance.uniform(SHORTEST, LONGEST)
        )
    show(f"{count} times kill -9 of the listener", facts)


if __name__ == "__main__":
    main()
