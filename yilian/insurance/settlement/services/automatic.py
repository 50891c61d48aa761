"""Bills that settle themselves, as far as the region's parameters let them.

What the rule can say is said when a bill is posted; the handler of `BillPosted`
settles the rest, and a clock looks for those it never heard of. What cannot be
settled waits for a person, with the reason in words.
"""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone

from yilian.foundation.access.actor import system_actor
from yilian.foundation.audit.services import record
from yilian.foundation.parameters.queries import value_of
from yilian.insurance.settlement.models import Bill, Coverage, Held, Settlement
from yilian.insurance.settlement.parameters import AUTO_SETTLE, AUTO_SETTLE_MOST
from yilian.insurance.settlement.queries.casebook import Casebook, coverages_of
from yilian.insurance.settlement.rules.automatic import (
    FAILED,
    Asked,
    Ground,
    Hold,
    Scope,
    held,
)
from yilian.insurance.settlement.rules.case import Kind, Place, Referral
from yilian.insurance.settlement.rules.ledger import Cause
from yilian.insurance.settlement.services.deciding import decided_for, hop_of
from yilian.insurance.settlement.services.settling import lock, rebook
from yilian.kernel.calendar import local_day
from yilian.kernel.errors import DomainError
from yilian.kernel.money import to_fen

ACTOR: Final = system_actor("settlement.automatic")
_A_WHILE: Final = timedelta(minutes=2)  # by then the handler has come, or never will
_MOST_A_RUN: Final = 500

logger = logging.getLogger(__name__)


def scope_of(area: str, at: datetime) -> Scope:
    return Scope(value_of(AUTO_SETTLE, local_day(at), area))


def asks_a_person(bill: Bill, coverage: Coverage, scope: Scope) -> Hold | None:
    """Why somebody has to look at it before it is settled; `scope` is not OFF."""
    state, verdict = None, ""
    if bill.kind == Kind.INPATIENT:
        state, verdict = _way_of(bill, coverage)
    most = value_of(AUTO_SETTLE_MOST, local_day(bill.posted_at), bill.insured_area)
    return held(
        Asked(
            kind=Kind(bill.kind),
            place=Place(bill.place),
            total=to_fen(bill.total),
            scope=scope,
            most=to_fen(most),
            state=state,
            verdict=verdict,
        )
    )


def hold(bill: Bill, why: Hold) -> None:
    """From now on it waits for a person."""
    Held.objects.create(
        person_id=bill.person_id,
        bill_id=bill.id,
        ground=why.ground.value,
        template=why.template,
        told={name: str(value) for name, value in why.values.items()},
        held_at=timezone.now(),
    )
    if bill.settles_itself:
        rows = Bill.objects.filter(person=bill.person_id, id=bill.id)
        rows.update(settles_itself=False)
        bill.settles_itself = False


@transaction.atomic
def settle_itself(bill_id: UUID) -> Settlement | None:
    """Once, however often it is called; None where there is nothing (more) to do."""
    bill = Bill.objects.filter(id=bill_id).defer("lines").first()
    if bill is None or not _is_ours(bill):
        return None
    bill = lock(bill)
    if not _is_ours(bill):
        return None
    try:
        return _settled(bill)
    except DomainError as error:
        why = Hold(Ground.REFUSED, error.text.template, error.text.values)
        _hold_and_say(bill, why)
        return None


def settle_due(now: datetime | None = None) -> int:
    """The clock: bills that should have settled themselves and did not. Each is a
    transaction of its own; what goes wrong with one is a person's work."""
    before = (now or timezone.now()) - _A_WHILE
    rows = Bill.objects.waiting().filter(settles_itself=True, posted_at__lt=before)
    ids = rows.order_by("posted_at").values_list("id", flat=True)[:_MOST_A_RUN]
    return sum(_one(bill_id) is not None for bill_id in list(ids))


def _one(bill_id: UUID) -> Settlement | None:
    try:
        return settle_itself(bill_id)
    except OperationalError:
        raise  # the database went away: the next beat tries again
    except Exception as error:  # said by its kind only: a message might name somebody
        logger.error(
            "bill %s did not settle itself (%s)", bill_id, type(error).__name__
        )
        _give_up(bill_id)
        return None


@transaction.atomic
def _give_up(bill_id: UUID) -> None:
    bill = lock(Bill.objects.get(id=bill_id))
    if _is_ours(bill):
        _hold_and_say(bill, Hold(Ground.FAILED, FAILED))


@transaction.atomic
def _settled(bill: Bill) -> Settlement | None:
    """Asked again: since it was posted, a verdict may have changed."""
    scope = scope_of(bill.insured_area, bill.posted_at)
    coverage = _coverage(bill)
    why = None
    if coverage is not None and scope is not Scope.OFF:
        why = asks_a_person(bill, coverage, scope)
    if why is not None:
        _hold_and_say(bill, why)
        return None
    return rebook(ACTOR, bill, Cause.SETTLED)[bill.id]


def _coverage(bill: Bill) -> Coverage | None:
    rows = coverages_of(bill.person_id).values()
    return next((row for row in rows if bill.discharged_on in row.period), None)


def _hold_and_say(bill: Bill, why: Hold) -> None:
    hold(bill, why)
    record(
        ACTOR,
        "settlement.hold",
        object_kind="bill",
        object_id=bill.id,
        person_id=bill.person_id,
        detail={"ground": why.ground.value},
    )


def _is_ours(bill: Bill) -> bool:
    return bill.settles_itself and bill.settled_at is None and bill.voided_at is None


def _way_of(bill: Bill, coverage: Coverage) -> tuple[Referral, str]:
    """How the stay would be taken, and what its referral says of itself."""
    book = Casebook(bill.person_id, {str(coverage.id): coverage}, {bill.id: bill})
    decided = decided_for(book, bill, coverage)
    hop = hop_of(bill, bill.referral) if bill.referral else None
    return decided.state, hop.verdict if hop and hop.leads_here else ""
