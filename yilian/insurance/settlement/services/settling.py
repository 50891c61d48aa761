"""Settling a bill, and taking a settlement back; what hangs on it is booked again.

One settlement of a person's money at a time: whoever comes second waits, reads what
the first has booked, and is told in words if nothing is left to do.
"""

from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import Composed, Insertion
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.foundation.outbox.services import publish
from yilian.insurance.policy.services.loading import hold_parameters
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.events import (
    BillSettled,
    BillVoided,
    SettlementReversed,
)
from yilian.insurance.settlement.models import Bill, Decision, Settlement
from yilian.insurance.settlement.queries.casebook import (
    Casebook,
    not_covered,
    open_casebook,
    service_of,
    settle_all,
)
from yilian.insurance.settlement.queries.finding import by_id
from yilian.insurance.settlement.rules.ledger import Cause, Entry
from yilian.insurance.settlement.rules.person import covered_on
from yilian.insurance.settlement.services.booking import Run, book_changes
from yilian.insurance.settlement.services.deciding import decide_first
from yilian.insurance.settlement.services.recording import (
    keep_cancelled,
    keep_settled,
)
from yilian.insurance.settlement.services.writing import write
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import _

_ONLY_INSURER = _("只有参保地的医保经办人员可以办理。")
_LONGEST_REASON = 300


class AlreadySettled(Conflict):
    code = "already-settled"


class BillIsVoid(Conflict):
    code = "bill-is-void"


class AlreadyReversed(Conflict):
    code = "already-reversed"


@transaction.atomic
def settle(actor: Actor, bill_id: UUID) -> Settlement:
    """The bill's first settlement; later bills of the person that it changes are
    taken back in red and settled again."""
    bill = by_id(Bill.objects.visible_to(actor).defer("lines"), bill_id)
    require(policies.can_settle(actor, bill), _ONLY_INSURER)
    bill = lock(bill)
    require_standing(bill)
    if bill.settled_at is not None:
        raise AlreadySettled(_("这张单据已经结算，请刷新页面查看结算单。"))
    return rebook(actor, bill, Cause.SETTLED)[bill.id]


@transaction.atomic
def void(actor: Actor, settlement_id: UUID, *, reason: str) -> Settlement:
    """The red entry that takes it back. The bill is void with it: what was wrong is
    posted anew; later stays of the chain and amounts of the year are booked again."""
    settlement = by_id(Settlement.objects.visible_to(actor), settlement_id)
    require(policies.can_void(actor, settlement), _ONLY_INSURER)
    words = _reason(reason)
    bill = lock(Bill.objects.get(person=settlement.person_id, id=settlement.bill_id))
    require_standing(bill)
    if not Settlement.objects.live().filter(id=settlement.id).exists():
        raise AlreadyReversed(
            _("这张结算单已经红冲，或本身就是红冲单，不能再作废。请刷新页面。")
        )
    _take_back(actor, bill, words)
    rebook(actor, bill, Cause.VOIDED)
    return Settlement.objects.get(person=bill.person_id, reverses=settlement.id)


@transaction.atomic
def take_back(actor: Actor, bill_id: UUID, *, reason: str) -> Bill:
    """A bill posted in error that nobody has settled yet."""
    bill = by_id(Bill.objects.visible_to(actor), bill_id)
    require(
        policies.can_take_back(actor, bill),
        _("只有上传单据的机构或参保地医保可以撤回。"),
    )
    words = _reason(reason)
    bill = lock(bill)
    require_standing(bill)
    if bill.settled_at is not None:
        raise AlreadySettled(_("这张单据已经结算，须由医保经办人员作废结算单。"))
    _take_back(actor, bill, words)
    return bill


# --- for the other services of this module ------------------------------------


def lock(bill: Bill) -> Bill:
    """The person's money is ours until we commit; the bill as it stands then."""
    one_at_a_time(f"settlement:{bill.person_id}")
    hold_parameters()  # a correction released meanwhile would count us too early
    [found] = _BILL.ask(person_id=bill.person_id, bill_id=bill.id)
    return found


_BILL: Final = Composed(
    lambda person_id, bill_id: Bill.objects.filter(person=person_id, id=bill_id)
)


def require_standing(bill: Bill) -> None:
    if bill.voided_at is not None:
        raise BillIsVoid(_("这张单据已经作废。请刷新页面查看最新状态。"))


def rebook(actor: Actor, bill: Bill, cause: Cause) -> dict[UUID, Settlement]:
    """By bill: the settlement now in force, where this run has booked one."""
    book = open_casebook(bill)
    now = timezone.now()
    if cause is Cause.SETTLED:
        _decide(actor, book, bill)
    run = Run(new_id(), now, actor.account_id, bill.id, cause)
    rows = book_changes(book, settle_all(book), run)
    write(_ROW, rows)
    if bill.settled_at is None:
        Bill.objects.filter(person=bill.person_id, id=bill.id).update(settled_at=now)
    keep_settled(actor, rows)
    _tell(rows)
    record(
        actor,
        f"settlement.{_ACTS[cause]}",
        object_kind="bill",
        object_id=bill.id,
        person_id=bill.person_id,
        detail=_counted(rows),
    )
    return {row.bill_id: row for row in rows if row.entry != Entry.REVERSAL}


_ACTS = {
    Cause.SETTLED: "settle",
    Cause.VOIDED: "void",
    Cause.DECIDED: "resettle",
}


def _decide(actor: Actor, book: Casebook, bill: Bill) -> None:
    covered = covered_on(book.covered(), service_of(bill, None, None))
    if covered is None:
        raise not_covered(bill.discharged_on)
    coverage = book.covers[covered.id]
    decision = decide_first(actor, book, bill, coverage, timezone.now())
    if decision is not None:
        write(_DECISION, [decision])


_ROW: Final = Insertion(Settlement)
_DECISION: Final = Insertion(Decision)


def _take_back(actor: Actor, bill: Bill, reason: str) -> None:
    bill.voided_at, bill.void_reason = timezone.now(), reason
    Bill.objects.filter(person=bill.person_id, id=bill.id).update(
        voided_at=bill.voided_at,
        voided_by=actor.account_id,
        void_reason=reason,
    )
    keep_cancelled(actor, bill)
    publish(
        BillVoided(bill.id, bill.person_id, bill.institution_id, bill.insured_area),
        person_id=bill.person_id,
    )
    record(
        actor,
        "settlement.take_back",
        object_kind="bill",
        object_id=bill.id,
        person_id=bill.person_id,
    )


def _reason(reason: str) -> str:
    words = clean_line(reason, max_length=_LONGEST_REASON)
    if not words:
        raise Invalid(fields={"reason": _("请写明原因。")})
    return words


def _tell(rows: list[Settlement]) -> None:
    for row in rows:
        said = {
            "settlement_id": row.id,
            "bill_id": row.bill_id,
            "person_id": row.person_id,
            "institution_id": row.institution_id,
            "insured_area": row.insured_area,
            "entry": row.entry,
            "booked_on": row.booked_on,
            "total": row.total,
            "basic": row.basic_pay,
            "supplement": row.supplement_pay,
            "serious": row.serious_pay,
            "assistance": row.assistance_pay,
            "patient": row.patient_pay,
        }
        if row.reverses is None:
            publish(BillSettled(**said), person_id=row.person_id)
        else:
            publish(
                SettlementReversed(**said, reverses_id=row.reverses),
                person_id=row.person_id,
            )


def _counted(rows: list[Settlement]) -> dict[str, int]:
    red = sum(row.entry == Entry.REVERSAL for row in rows)
    return {"booked": len(rows) - red, "reversed": red}
