"""What a message does, once it is kept: the same services as a page, or a refusal.

A thing that a person can say in the sender's place becomes a problem of the intake
list; what the referral itself does not allow is refused to the sender in words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from yilian.care.referral.models import Referral
from yilian.care.referral.rules.reasons import WITHDRAW_REASONS
from yilian.care.referral.rules.states import WAITING
from yilian.care.referral.rules.states import State as Hop
from yilian.care.referral.services import amending, receiving, sending, writing
from yilian.foundation.access.actor import Actor
from yilian.interfaces.exchange.hl7v2.answering import Ack, Complaint, Fault, Reply
from yilian.interfaces.exchange.hl7v2.content import sections_of
from yilian.interfaces.exchange.hl7v2.message import Message
from yilian.interfaces.exchange.hl7v2.referral import ReferralFacts, read_referral
from yilian.interfaces.exchange.hl7v2.resources import resources_of
from yilian.interfaces.exchange.intake.actors import feed_actor, house_actor
from yilian.interfaces.exchange.intake.mended import Mended, opened
from yilian.interfaces.exchange.intake.models import Feed, Received
from yilian.interfaces.exchange.intake.persons import find_person, record_numbers
from yilian.interfaces.exchange.intake.rules import (
    OPEN,
    Kind,
    Matter,
    Problem,
    State,
)
from yilian.interfaces.exchange.intake.settling import Settled, settle
from yilian.kernel.errors import Conflict, DomainError, Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Direction
from yilian.record.services.writing import put
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Ground, Scope
from yilian.registry.population.services.changes import add_identifier
from yilian.registry.population.services.grants import end_grants, give_grant

EVIDENCE: Final = "message"
_KNOWS: Final = "message_identity"
_MOST_WARNED: Final = 10
_NOTE: Final = 900
_PENDING: Final = _("已收到，待人工核对。")
_REFUSED: Final = "R"
_ACCEPTED: Final = "A"


@dataclass(frozen=True, slots=True)
class Outcome:
    state: State
    reply: Reply
    problems: Sequence[Problem] = ()


def take(row: Received, message: Message) -> Outcome:
    """Called with the row locked, inside its transaction."""
    facts = read_referral(message)
    act: Callable[[Received, ReferralFacts], Outcome] = _ACTS[Kind(row.kind)]
    try:
        with transaction.atomic():
            return act(row, facts)
    except Invalid as error:
        problems = _problems_of(error)
        if problems and row.kind == Kind.REFER:
            return _held(problems)
        return _refused(error)
    except DomainError as error:
        return _refused(error)


def known_by(row: Received, message: Message) -> None:
    """The numbers by which later messages name the same patient and referral."""
    facts = read_referral(message)
    row.foreign_number = _own_number(facts, row.kind)


def _own_number(facts: ReferralFacts, kind: str) -> str:
    return facts.number if kind != Kind.ANSWER else facts.other_number


# --- I12 ------------------------------------------------------------------------


def _refer(row: Received, facts: ReferralFacts) -> Outcome:
    mended = opened(row.mended_cipher)
    settled = settle(row.feed, facts, mended)
    row.person_id = settled.person_id
    row.to_institution = settled.receiver
    if settled.problems or settled.person_id is None:
        return _held(settled.problems)
    if row.referral_id is not None:
        raise Conflict(_("这条消息已经办成转诊，不会再办一次。"))
    referral = _submit(row, facts, settled, mended)
    row.referral = referral
    words = Text(_("已受理，转诊单号 {number}。"), {"number": referral.number})
    return Outcome(State.DONE, Reply(Ack.ACCEPTED, str(words)))


def _submit(
    row: Received, facts: ReferralFacts, settled: Settled, mended: Mended
) -> Referral:
    """By the feed, whose own word opens the person only while it writes this down.

    The house's staff see no more than before, save the identity of their patient,
    until the receiver accepts (decisions 4).
    """
    assert settled.person_id is not None  # noqa: S101 asked by the caller
    actor = feed_actor(row.feed, settled.post_id)
    before = sight_of(house_actor(row.feed.institution), settled.person_id).scope
    _open(actor, row, settled.person_id, Scope.SUMMARY, EVIDENCE)
    referral = writing.draft_and_submit(
        actor,
        key=new_id(),
        person_id=settled.person_id,
        sheet=settled.sheet,
        consent_by=settled.consent_by,
    )
    _keep_results(actor, row, facts, referral)
    if mended.person_id is not None:
        _remember_numbers(actor, row.feed, facts, settled.person_id)
    _shut(actor, row, referral, before)
    return referral


def _open(
    actor: Actor, row: Received, person_id: UUID, scope: Scope, kind: str
) -> None:
    give_grant(
        actor,
        person_id=person_id,
        institution_id=row.feed.institution_id,
        ground=Ground.ENCOUNTER if scope > Scope.IDENTITY else Ground.REGISTRATION,
        scope=scope,
        evidence_kind=kind,
        evidence_id=row.id,
    )


def _shut(actor: Actor, row: Received, referral: Referral, before: Scope) -> None:
    end_grants(evidence_kind=EVIDENCE, evidence_id=row.id)
    if before >= Scope.SUMMARY:
        return
    house = row.feed.institution_id
    end_grants(evidence_kind="referral", evidence_id=referral.id, institution_id=house)
    _open(actor, row, referral.person_id, Scope.IDENTITY, _KNOWS)


def _keep_results(
    actor: Actor, row: Received, facts: ReferralFacts, referral: Referral
) -> None:
    """Into the shared record, with the feed and the message as their source."""
    first = Received.objects.filter(
        feed=row.feed, referral=referral, kind=Kind.REFER
    ).first()
    for resource in resources_of(
        facts,
        source=f"urn:yilian:feed:{row.feed.name}#{row.id}",
        root=first.id if first else row.id,
        person_id=referral.person_id,
        institution_id=row.feed.institution_id,
        referral_id=referral.id,
    ):
        put(actor, resource, person_id=referral.person_id)


def _remember_numbers(
    actor: Actor, feed: Feed, facts: ReferralFacts, person_id: UUID
) -> None:
    """A person said who is meant: next time the sender's own number tells it."""
    for given in record_numbers(feed, facts.patient):
        try:
            with transaction.atomic():
                add_identifier(
                    actor,
                    person_id,
                    kind=given.kind,
                    value=given.value,
                    system=given.system,
                )
        except DomainError:  # somebody else's, or no number after all
            continue


# --- I13, I14 ---------------------------------------------------------------------


def _change(row: Received, facts: ReferralFacts) -> Outcome:
    """The content is changed in place; another house or urgency is another hop."""
    referral = _meant(row, facts)
    if Hop(referral.state) not in WAITING:
        raise Conflict(_("接收方已经应答，转诊单不能再修改；请直接与接收方联系。"))
    mended = _as_told_before(row, facts, referral)
    settled = settle(row.feed, facts, mended)
    if settled.problems:
        raise Invalid(fields={one.field: one.words for one in settled.problems})
    actor = feed_actor(row.feed, settled.post_id)
    sheet = settled.sheet
    _open(actor, row, referral.person_id, Scope.SUMMARY, EVIDENCE)
    is_same = (
        sheet.to_institution_id == referral.to_institution_id
        and sheet.urgency == referral.urgency
    )
    if is_same:
        amending.amend(actor, referral.id, sheet=sheet)
        _keep_results(actor, row, facts, referral)
        end_grants(evidence_kind=EVIDENCE, evidence_id=row.id)
    else:
        note = str(_("对方系统更改了接收机构或紧急程度，另开一张。"))
        sending.withdraw(actor, referral.id, reason_code="wrong_target", note=note)
        referral = _submit(row, facts, settled, mended)
    row.referral = referral
    words = Text(_("已更改，转诊单号 {number}。"), {"number": referral.number})
    return Outcome(State.DONE, Reply(Ack.ACCEPTED, str(words)))


def _as_told_before(row: Received, facts: ReferralFacts, referral: Referral) -> Mended:
    """What a person added to the first message, where this one does not say it."""
    first = _first_of(row.feed, referral)
    told = opened(first.mended_cipher if first else None)
    said = {*sections_of(facts, Direction.UP), *sections_of(facts, Direction.DOWN)}
    names_receiver = bool(facts.receiver.institutions)
    return told.changed(
        person_id=referral.person_id,
        to_institution_id=None if names_receiver else told.to_institution_id,
        to_department_id=None if names_receiver else told.to_department_id,
        urgency="" if facts.priority else told.urgency,
        reason="" if facts.reason else told.reason,
        diagnosis_code="" if facts.diagnoses else told.diagnosis_code,
        content={key: text for key, text in told.content.items() if key not in said},
    )


def _first_of(feed: Feed, referral: Referral) -> Received | None:
    rows = Received.objects.filter(feed=feed, referral=referral, kind=Kind.REFER)
    return rows.order_by("received_at").first()


def _cancel(row: Received, facts: ReferralFacts) -> Outcome:
    """Before the answer it is withdrawn, after it the receiver is asked."""
    referral = _meant(row, facts)
    actor = feed_actor(row.feed)
    said = "；".join(filter(None, [facts.reason, *facts.notes]))[:_NOTE]
    code = facts.reason if facts.reason in WITHDRAW_REASONS else "other"
    note = said or str(_("对方系统取消，未写原因"))
    if Hop(referral.state) in WAITING:
        sending.withdraw(actor, referral.id, reason_code=code, note=note)
        words = Text(_("已撤回转诊 {number}。"), {"number": referral.number})
    else:
        sending.request_cancel(actor, referral.id, reason_code=code, note=note)
        asked = _("已申请取消转诊 {number}，等接收方确认。")
        words = Text(asked, {"number": referral.number})
    row.referral = referral
    return Outcome(State.DONE, Reply(Ack.ACCEPTED, str(words)))


class UnknownReferral(Conflict):
    code = "message-unknown-referral"

    def __init__(self) -> None:
        super().__init__(_("没有找到这条消息所指的转诊（RF1-6），请核对转诊编号。"))


def _meant(row: Received, facts: ReferralFacts) -> Referral:
    """By the sender's number, else by ours; never somebody else's."""
    house = row.feed.institution_id
    told = Received.objects.filter(
        feed=row.feed, foreign_number=facts.number, referral__isnull=False
    ).exclude(foreign_number="")
    last = told.order_by("-received_at").first()
    rows = Referral.objects.select_related("person").filter(from_institution=house)
    numbers = [number for number in (facts.number, facts.other_number) if number]
    if last is not None:
        referral = rows.filter(received=last).first()
    else:
        referral = rows.filter(number__in=numbers).first()
    if referral is None:
        raise UnknownReferral
    _same_patient(row, facts, referral)
    row.person_id = referral.person_id
    row.to_institution_id = referral.to_institution_id
    return referral


def _same_patient(row: Received, facts: ReferralFacts, referral: Referral) -> None:
    if not facts.patient.name and not facts.patient.numbers:
        return
    found = find_person(row.feed, facts.patient).person_id
    if found is not None and found != referral.person_id:
        raise Conflict(_("消息中的患者与原转诊的患者不是同一人，没有处理。"))


# --- an answer from the receiver's system --------------------------------------------


def _answer(row: Received, facts: ReferralFacts) -> Outcome:
    here = row.feed.institution_id
    numbers = [number for number in (facts.number, facts.other_number) if number]
    rows = Referral.objects.filter(to_institution=here, number__in=numbers)
    referral = rows.exclude(state=Hop.DRAFT.value).first()
    if referral is None:
        raise UnknownReferral
    actor = feed_actor(row.feed)
    said = "；".join(filter(None, [facts.reason, *facts.notes]))[:_NOTE]
    row.person_id, row.to_institution_id = referral.person_id, here
    row.referral = referral
    if facts.status == _ACCEPTED:
        receiving.accept(actor, referral.id, note=said)
    elif facts.status == _REFUSED:
        note = said or str(_("接收方系统退回，未写原因"))
        receiving.decline(actor, referral.id, reason_code="other", note=note)
    else:
        raise Conflict(_("RF1-1 只处理 A（接收）和 R（退回）。"))
    words = Text(_("已记录对转诊 {number} 的答复。"), {"number": referral.number})
    return Outcome(State.DONE, Reply(Ack.ACCEPTED, str(words)))


_ACTS: Final[Mapping[Kind, Callable[[Received, ReferralFacts], Outcome]]] = {
    Kind.REFER: _refer,
    Kind.CHANGE: _change,
    Kind.CANCEL: _cancel,
    Kind.ANSWER: _answer,
}


# --- words ------------------------------------------------------------------------


def earlier_open(row: Received) -> Received | None:
    """What this message must wait for: its referral is still to be mended."""
    if row.kind not in (Kind.CHANGE, Kind.CANCEL):
        return None
    before = Received.objects.filter(
        feed=row.feed, state__in=[one.value for one in OPEN]
    ).exclude(pk=row.pk)
    if row.received_at is not None:
        before = before.filter(received_at__lte=row.received_at)
    if row.foreign_number:
        before = before.filter(foreign_number=row.foreign_number)
    else:
        before = before.filter(patient_index=row.patient_index).exclude(
            patient_index=""
        )
    return before.order_by("-received_at", "-id").first()


def behind(earlier: Received) -> Outcome:
    words = _("已收到，前一条消息核对后处理。")
    problem = Problem(Matter.ORDER, Text(_("等同一转诊的前一条消息核对。")))
    return Outcome(State.BEHIND, Reply(Ack.ACCEPTED, words), [problem])


def _held(problems: Sequence[Problem]) -> Outcome:
    warnings = [
        Complaint(Fault.MISSING, str(one.words), is_only_warning=True)
        for one in problems[:_MOST_WARNED]
    ]
    return Outcome(State.WAITING, Reply(Ack.ACCEPTED, _PENDING, warnings), problems)


def _refused(error: DomainError) -> Outcome:
    fault = Fault.UNKNOWN_KEY if isinstance(error, UnknownReferral) else Fault.DATA_TYPE
    fields: Mapping[str, Any] = getattr(error, "fields", {})
    told = [str(words) for words in fields.values()] or [str(error.text)]
    complaints = [Complaint(fault, words) for words in told[:_MOST_WARNED]]
    problems = [Problem(Matter.CONTENT, _as_text(one)) for one in fields.values()]
    if not problems:
        problems = [Problem(Matter.CONTENT, error.text)]
    return Outcome(State.REFUSED, Reply(Ack.ERROR, told[0], complaints), problems)


def _problems_of(error: Invalid) -> list[Problem]:
    return [
        Problem(Matter.CONTENT, _as_text(words), field)
        for field, words in error.fields.items()
    ]


def _as_text(words: str | Text) -> Text:
    return words if isinstance(words, Text) else Text(words)
