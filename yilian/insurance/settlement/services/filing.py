"""Emergencies registered late, appeals, and their decision by four eyes.

The house or the resident files, one clerk decides, another confirms; then the stay
is settled again, the old settlement taken back in red.
"""

from datetime import datetime
from typing import Final, cast
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral.models import Referral as Hop
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.services import once
from yilian.foundation.parameters.queries import value_of
from yilian.foundation.parameters.working_days import working_days
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Bill, Decision, Filing
from yilian.insurance.settlement.parameters import DECISION_DAYS
from yilian.insurance.settlement.queries.casebook import decisions_of
from yilian.insurance.settlement.queries.deadlines import late_filing_until
from yilian.insurance.settlement.queries.finding import by_id
from yilian.insurance.settlement.rules.case import REFERRAL_NAMES, Kind, Place, Referral
from yilian.insurance.settlement.rules.filing import (
    SOURCES,
    Evidence,
    evidence_wrong,
    may_become,
    needs_filing,
    recognised,
)
from yilian.insurance.settlement.rules.ledger import (
    UNDECIDED,
    Cause,
    FilingKind,
    FilingState,
    Standing,
)
from yilian.insurance.settlement.services.settling import (
    lock,
    rebook,
    require_standing,
)
from yilian.kernel.calendar import add_working_days, local_day
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import _

_LONGEST: Final = 500


class FilingClosed(Conflict):
    code = "filing-closed"


class TooLate(Conflict):
    code = "filing-too-late"


@transaction.atomic
def file_late(actor: Actor, bill_id: UUID, *, key: UUID, evidence: Evidence) -> Filing:
    """An emergency that nobody could register before, 急诊补登."""
    bill = by_id(Bill.objects.visible_to(actor), bill_id)
    require(
        policies.can_file_late(actor, bill),
        _("急诊补登由就诊机构医保财务人员或参保地医保经办人员办理。"),
    )
    return _filed(actor, bill, key, FilingKind.LATE_EMERGENCY, evidence)


@transaction.atomic
def appeal(actor: Actor, bill_id: UUID, *, key: UUID, evidence: Evidence) -> Filing:
    """Against how a stay was taken, 申诉."""
    bill = by_id(Bill.objects.visible_to(actor), bill_id)
    require(
        policies.can_appeal(actor, bill),
        _("申诉由本人（代办人）、就诊机构医保财务人员或参保地医保经办人员提出。"),
    )
    return _filed(actor, bill, key, FilingKind.APPEAL, evidence)


@transaction.atomic
def decide(
    actor: Actor,
    filing_id: UUID,
    *,
    grants: bool,
    note: str,
    referral_state: Referral | None = None,
    referral_id: UUID | None = None,
) -> Decision:
    """One clerk's word; it holds when another has confirmed it. Granting an appeal
    needs to say what the stay is recognised as (`referral_state`)."""
    filing = by_id(Filing.objects.visible_to(actor), filing_id)
    require(
        policies.can_decide(actor, filing),
        _("由参保地医保经办人员审核，提出申请的人不能审核自己的申请。"),
    )
    bill = lock(Bill.objects.get(person=filing.person_id, id=filing.bill_id))
    filing = Filing.objects.get(person=filing.person_id, id=filing.id)
    if filing.state != FilingState.OPEN:
        raise FilingClosed(_("这项申请已经审核，请刷新页面。"))
    state = _state(bill, filing, grants=grants, asked=referral_state)
    decision = Decision.objects.create(
        id=new_id(),
        person_id=filing.person_id,
        bill_id=filing.bill_id,
        source=SOURCES[FilingKind(filing.kind)].value,
        referral_state=state.value,
        reasons=_reasons(filing),
        referral=_hop(bill, referral_id),
        filing_id=filing.id,
        grants=grants,
        standing=Standing.PROPOSED.value,
        note=_words(note, "note"),
        decided_at=timezone.now(),
        decided_by_id=actor.account_id,
    )
    _move(filing, FilingState.PROPOSED)
    _note(actor, "settlement.decide", filing, grants=grants)
    return decision


@transaction.atomic
def confirm_decision(
    actor: Actor, decision_id: UUID, *, agrees: bool, note: str = ""
) -> Decision:
    """The second pair of eyes. If both grant it, a settled stay is settled again;
    without agreement the filing is open as before."""
    decision, filing = _to_confirm(actor, decision_id)
    bill = lock(Bill.objects.get(person=filing.person_id, id=filing.bill_id))
    decision = Decision.objects.get(person=filing.person_id, id=decision.id)
    if decision.standing != Standing.PROPOSED:
        raise FilingClosed(_("这项审核结论已经复核，请刷新页面。"))
    standing = Standing.IN_FORCE if agrees else Standing.REJECTED
    decision.standing, decision.second_at = standing.value, timezone.now()
    decision.second_by_id = actor.account_id
    decision.second_note = clean_line(note, max_length=_LONGEST)
    Decision.objects.filter(person=filing.person_id, id=decision.id).update(
        standing=decision.standing,
        second_at=decision.second_at,
        second_by=actor.account_id,
        second_note=decision.second_note,
    )
    _move(filing, _after(decision, agrees=agrees))
    _note(actor, "settlement.confirm", filing, grants=decision.grants, agrees=agrees)
    is_due = agrees and decision.grants and bill.voided_at is None
    if is_due and bill.settled_at is not None:
        rebook(actor, bill, Cause.DECIDED)
    return decision


def _to_confirm(actor: Actor, decision_id: UUID) -> tuple[Decision, Filing]:
    mine = Filing.objects.visible_to(actor)
    decision = by_id(
        Decision.objects.filter(filing_id__in=mine.values("id")), decision_id
    )
    filing = mine.get(person=decision.person_id, id=cast(UUID, decision.filing_id))
    require(
        policies.can_confirm(actor, decision, filing.insured_area),
        _("复核由参保地另一位医保经办人员进行，审核人不能复核自己的结论。"),
    )
    return decision, filing


# --- filing -------------------------------------------------------------------


def _filed(
    actor: Actor, bill: Bill, key: UUID, kind: FilingKind, evidence: Evidence
) -> Filing:
    def make() -> UUID:
        return _file(actor, bill, kind, evidence).id

    filing_id = once(actor, key, f"settlement.{kind.value}", make)
    return Filing.objects.get(id=filing_id)


def _file(actor: Actor, bill: Bill, kind: FilingKind, evidence: Evidence) -> Filing:
    now = timezone.now()
    bill = lock(bill)
    require_standing(bill)
    wrong = evidence_wrong(evidence, kind)
    if wrong:
        raise Invalid(fields=wrong)
    _require_needed(bill)
    _require_in_time(bill, kind, now)
    rows = Filing.objects.filter(person=bill.person_id, bill_id=bill.id)
    if rows.undecided().exists():
        raise Conflict(_("这张单据已有一项申请正在审核，请等待结果。"))
    filing = Filing.objects.create(
        id=new_id(),
        person_id=bill.person_id,
        bill_id=bill.id,
        institution_id=bill.institution_id,
        insured_area=bill.insured_area,
        kind=kind.value,
        reason=_words(evidence.reason, "reason"),
        triage_level=evidence.triage_level,
        has_rescue_record=evidence.has_rescue_record,
        files=list(evidence.files),
        filed_at=now,
        filed_by_id=actor.account_id,
        due_at=_decided_by(now),
    )
    _note(actor, f"settlement.{_VERBS[kind]}", filing)
    return filing


def _decided_by(now: datetime) -> datetime:
    days = value_of(DECISION_DAYS, local_day(now))
    return add_working_days(now, days, working_days(now))


_VERBS: Final = {
    FilingKind.LATE_EMERGENCY: "file_late",
    FilingKind.APPEAL: "appeal",
}


def _require_needed(bill: Bill) -> None:
    """Only a stay that was settled at a reduced rate has anything to gain."""
    if bill.kind != Kind.INPATIENT:
        raise Conflict(_("门诊结算不看转诊情形，不用补登或申诉。"))
    if bill.settled_at is None:
        raise Conflict(_("这张单据还没有结算，请待结算后再申请。"))
    decision = decisions_of(bill.person_id, [bill.id])[bill.id]
    state = Referral(decision.referral_state)
    if not needs_filing(state):
        raise Conflict(
            _("这次住院已按“{state}”结算，没有减付，不用补登或申诉。"),
            state=REFERRAL_NAMES[state],
        )


def _require_in_time(bill: Bill, kind: FilingKind, now: datetime) -> None:
    if kind is not FilingKind.LATE_EMERGENCY:
        return
    last = late_filing_until(bill)
    if now >= last:
        raise TooLate(
            _("急诊补登期限到 {last} 为止，已经超过；可以改为申诉。"),
            last=local_day(last),
        )


# --- deciding -----------------------------------------------------------------


def _state(
    bill: Bill, filing: Filing, *, grants: bool, asked: Referral | None
) -> Referral:
    if not grants:
        rows = decisions_of(bill.person_id, [bill.id])
        return Referral(rows[bill.id].referral_state)
    place = Place(bill.place)
    state = recognised(FilingKind(filing.kind), place, asked)
    if state is None:
        names = [REFERRAL_NAMES[one] for one in may_become(place)]
        raise Invalid(
            _("通过申诉时须认定为其中之一：{names}。"),
            fields={"referral_state": _("请选择认定的转诊情形。")},
            names=names,
        )
    return state


def _hop(bill: Bill, referral_id: UUID | None) -> Hop | None:
    if referral_id is None:
        return bill.referral
    found = Hop.objects.filter(pk=referral_id, person=bill.person_id).first()
    if found is None:
        raise Invalid(fields={"referral_id": _("没有这位参保人的这张转诊单。")})
    return found


def _reasons(filing: Filing) -> list[dict[str, object]]:
    """What the evidence says, question by question."""
    urgent = filing.triage_level is not None and filing.triage_level in (1, 2)
    return [
        {"key": "triage", "question": _("一、二级分诊"), "holds": urgent,
         "clause": "RI-4"},
        {"key": "rescue", "question": _("有抢救记录"),
         "holds": filing.has_rescue_record, "clause": "RI-4"},
    ]  # fmt: skip


def _after(decision: Decision, *, agrees: bool) -> FilingState:
    if not agrees:
        return FilingState.OPEN
    return FilingState.ACCEPTED if decision.grants else FilingState.REFUSED


def _move(filing: Filing, state: FilingState) -> None:
    filing.state = state.value
    filing.closed_at = None if state in UNDECIDED else timezone.now()
    Filing.objects.filter(person=filing.person_id, id=filing.id).update(
        state=filing.state, closed_at=filing.closed_at
    )


def _words(raw: str, field: str) -> str:
    words = clean_line(raw, max_length=_LONGEST)
    if not words:
        raise Invalid(fields={field: _("请写明理由。")})
    return words


def _note(actor: Actor, action: str, filing: Filing, **detail: bool) -> None:
    record(
        actor,
        action,
        object_kind="filing",
        object_id=filing.id,
        person_id=filing.person_id,
        detail=detail,
    )
