"""Nobody can let a referral lie: rungs that fire by the clock, and nudges by hand.

A rung is written down under the lock of its hop, together with its notices: killed
in between, nothing has happened and the next round does it. After a standstill or
a jump of the clock only the highest rung is told; those below are noted.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral import events, policies
from yilian.care.referral.models import Referral, Reminder
from yilian.care.referral.queries import ladders
from yilian.care.referral.queries.ladders import OWED, Standing
from yilian.care.referral.queries.readers import readers, sides_of
from yilian.care.referral.rules import ladder
from yilian.care.referral.rules.clocks import ClockKind
from yilian.care.referral.rules.ladder import MANUAL, Audience, Clock, Firing
from yilian.care.referral.rules.ladder_limits import NUDGE_MINUTES
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import duties, steps, telling
from yilian.foundation.access.actor import Actor, system_actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record as record_audit
from yilian.foundation.parameters.queries import value_of
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict
from yilian.kernel.ids import new_id
from yilian.kernel.text import _
from yilian.registry.population.rules import Ground

BATCH: Final = 500
LADDER: Final = system_actor("referral-ladder")
_PARTIES: Final = (
    "from_institution", "to_institution", "from_post__practitioner",
    "assigned_to__practitioner",
)  # fmt: skip
_BREACHED: Final = {(Clock.ARRIVAL, "duty"): ClockKind.ARRIVAL}

logger = logging.getLogger(__name__)


def run_ladders(now: datetime | None = None) -> int:
    """One round; how many rungs were written down. Safe to run twice, or by two."""
    now = now or timezone.now()
    done = 0
    for referral_id in ladders.waiting(now)[:BATCH]:
        try:
            done += chase(referral_id, now)
        except Exception as error:  # said without its words: they might name somebody
            logger.error("ladder of %s: %s", referral_id, type(error).__name__)
    return done


@transaction.atomic
def chase(referral_id: UUID, now: datetime | None = None) -> int:
    """The rungs of one hop; a row that somebody is acting on waits for next time."""
    now = now or timezone.now()
    free = Referral.objects.select_for_update(of=("self",), skip_locked=True)
    referral = free.select_related(*_PARTIES).filter(pk=referral_id).first()
    if referral is None:
        return 0
    return sum(_fire(referral, one, now) for one in ladders.standings([referral], now))


@transaction.atomic
def nudge(actor: Actor, referral_id: UUID, *, revision: int | None = None) -> Reminder:
    """催办: somebody of either side reminds whoever's turn it is."""
    referral = steps.locked(actor, referral_id)
    require(
        policies.can_nudge(actor, referral),
        _("只有双方机构的医师和转诊办公室可以催办。"),
    )
    clock = owed_clock(referral)
    steps.require_fresh(referral, revision)
    now = timezone.now()
    _require_pause(actor, referral, now)
    audiences = _nudged(actor, referral, clock)
    found = readers(referral, clock, audiences, now)
    if not found:
        raise Conflict(_("这张转诊单还没有分派经办人，请先分派。"))
    reminder_id = new_id()
    by = actor.institution_name
    told = telling.tell_by_hand(referral, clock, found, reminder_id, by)
    reminder = Reminder.objects.create(
        id=reminder_id,
        referral=referral,
        clock=clock.value,
        rung=MANUAL,
        reached_at=now,
        fired_at=now,
        told=told,
        account_id=actor.account_id,
        institution_id=actor.institution_id,
        actor_name=actor.name[:60],
    )
    _note(actor, referral, clock, MANUAL)
    steps.announce(referral, events.ReferralChased, reminder_id)
    return reminder


def owed_clock(referral: Referral) -> Clock:
    """Whose turn it is, or the reason why nobody can be reminded."""
    state = State(referral.state)
    if state not in OWED:
        raise Conflict(_("这张转诊单现在不在等任何一方，不需要催办。"))
    return OWED[state]


def _fire(referral: Referral, standing: Standing, now: datetime) -> int:
    firings = ladder.plan(standing.reached(now), standing.fired)
    for firing in firings:
        _write_down(referral, standing, firing, now)
    return len(firings)


def _write_down(
    referral: Referral, standing: Standing, firing: Firing, now: datetime
) -> None:
    clock, rung, reminder_id = standing.clock, firing.rung, new_id()
    told: telling.Told = []
    if firing.is_told:
        told = telling.tell_rung(referral, clock, rung, reminder_id, now)
    Reminder.objects.create(
        id=reminder_id,
        referral=referral,
        clock=clock.value,
        rung=rung.key,
        lap=standing.lap,
        reached_at=firing.at,
        fired_at=now,
        is_skipped=not firing.is_told,
        told=told,
    )
    late = _BREACHED.get((clock, rung.key))
    if late is not None:
        duties.note_if_late(referral, late, firing.at)
    _note(LADDER, referral, clock, rung.key, is_skipped=not firing.is_told)
    if firing.is_told:
        steps.announce(referral, events.ReferralChased, reminder_id)


def _nudged(actor: Actor, referral: Referral, clock: Clock) -> Sequence[Audience]:
    """The own house reminds the person; the other side reminds the desk as well."""
    if sides_of(referral, clock).owner.id == actor.institution_id:
        return (Audience.ASSIGNED,)
    if referral.urgency == Urgency.STAT:
        return (Audience.ASSIGNED, Audience.DUTY, Audience.DESK)
    return (Audience.ASSIGNED, Audience.DESK)


def _require_pause(actor: Actor, referral: Referral, now: datetime) -> None:
    """Who is rung for every minute stops listening."""
    minutes = value_of(NUDGE_MINUTES, calendar.local_day(now))
    since = now - timedelta(minutes=minutes)
    own = Reminder.objects.filter(
        referral=referral,
        rung=MANUAL,
        institution=actor.institution_id,
        fired_at__gt=since,
    )
    if own.exists():
        raise Conflict(_("{minutes} 分钟内已经催办过，请稍后再催。"), minutes=minutes)


def _note(
    actor: Actor,
    referral: Referral,
    clock: Clock,
    rung: str,
    *,
    is_skipped: bool = False,
) -> None:
    record_audit(
        actor,
        "referral.nudge" if rung == MANUAL else "referral.remind",
        object_kind="referral",
        object_id=referral.id,
        person_id=referral.person_id,
        ground=Ground.REFERRAL.value,
        detail={"clock": clock.value, "rung": rung, "is_skipped": is_skipped},
    )
