"""What waits for a clerk or for a house's office, on one page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists

from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Bill, Filing, Settlement
from yilian.insurance.settlement.queries.anomalies import count_open
from yilian.insurance.settlement.queries.filings import (
    Which,
    WorkLine,
    counts,
    work_list,
)
from yilian.insurance.settlement.queries.listing import (
    BillLine,
    SettlementLine,
    refusals,
    settlement_line,
    with_whys,
)
from yilian.insurance.settlement.rules.case import Referral
from yilian.insurance.settlement.rules.ledger import FilingState

SHOWN: Final = 6
# Working days of late filing and a weekend or two: older stays cannot be filed late.
_RECENT: Final = timedelta(days=14)
_LATELY: Final = timedelta(days=30)
_STUCK: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Overview:
    waiting: int  # for a person
    by_itself: int  # being settled without one
    is_stuck: bool  # of those, one that should have been settled long ago
    exceptions: int
    to_decide: int
    to_confirm: int
    overdue: int
    open_anomalies: int
    refused_lately: int
    oldest: list[BillLine]
    filings: list[WorkLine]
    penalised: list[SettlementLine]  # of a house: may still be filed late

    @property
    def all_waiting(self) -> int:
        return self.to_decide + self.to_confirm


def overview(actor: Actor, now: datetime) -> Overview:
    number = counts(actor)
    is_clerk = policies.is_insurer(actor)
    bills = Bill.objects.visible_to(actor).for_a_person()
    alone = Bill.objects.visible_to(actor).waiting().filter(settles_itself=True)
    oldest = list(
        bills.select_related("person", "institution")
        .defer("lines")
        .order_by("posted_at")[:SHOWN]
    )
    filings = Filing.objects.visible_to(actor)
    due = work_list(actor, Which.WAITING).lines[:SHOWN]
    confirm = work_list(actor, Which.TO_CONFIRM).lines[:SHOWN]
    return Overview(
        waiting=bills.count(),
        by_itself=alone.count(),
        is_stuck=alone.filter(posted_at__lt=now - _STUCK).exists(),
        exceptions=bills.filter(Exists(refusals())).count(),
        to_decide=number[Which.WAITING],
        to_confirm=number[Which.TO_CONFIRM],
        overdue=filings.undecided().filter(due_at__lt=now).count(),
        open_anomalies=count_open(actor) if is_clerk else 0,
        refused_lately=filings.filter(
            state=FilingState.REFUSED.value, closed_at__gte=now - _LATELY
        ).count(),
        oldest=list(map(with_whys(oldest), oldest)),
        filings=[*due, *confirm],
        penalised=[] if is_clerk else _penalised(actor, now),
    )


def count_waiting(actor: Actor) -> int:
    """For the menu: what this actor's own act is waited for."""
    if policies.is_insurer(actor):
        return Filing.objects.visible_to(actor).undecided().count()
    return 0


def _penalised(actor: Actor, now: datetime) -> list[SettlementLine]:
    rows = (
        Settlement.objects.visible_to(actor)
        .live()
        .filter(
            referral_state=Referral.NON_COMPLIANT.value,
            discharged_on__gte=(now - _RECENT).date(),
        )
        .select_related("person", "institution")
        .defer("working")
        .order_by("-settled_at")[:SHOWN]
    )
    return [settlement_line(row, is_red=False) for row in rows]
