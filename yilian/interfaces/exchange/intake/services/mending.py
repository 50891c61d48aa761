"""What a person does with a message that waits: choose, fill in, try again."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.interfaces.exchange.hl7v2 import message as hl7
from yilian.interfaces.exchange.hl7v2.message import Message
from yilian.interfaces.exchange.hl7v2.referral import ReferralFacts, read_referral
from yilian.interfaces.exchange.intake import policies
from yilian.interfaces.exchange.intake.mended import Mended, opened
from yilian.interfaces.exchange.intake.models import Received, ReceivedQuerySet
from yilian.interfaces.exchange.intake.rules import REPLAYABLE, Meaning, State
from yilian.interfaces.exchange.intake.services import keeping, receiving
from yilian.interfaces.exchange.intake.services.feeds import note_meaning
from yilian.interfaces.exchange.intake.settling import main_diagnosis
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _
from yilian.registry.population.models import Person
from yilian.registry.population.services import register

ONLY_DESKS: Final = _("只有这条消息双方的转诊办公室可以核对。")
_LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """A message as a desk may read it."""

    row: Received
    facts: ReferralFacts
    mended: Mended


@transaction.atomic
def open_message(actor: Actor, message_id: UUID) -> OpenedMessage:
    """The patient and the content, for the two desks; looked at is written down."""
    row = find(_rows(actor), message_id)
    require(policies.can_read_content(actor, row), ONLY_DESKS)
    _note(actor, "open_message", row)
    return OpenedMessage(row, _facts(row), opened(row.mended_cipher))


@transaction.atomic
def open_original(actor: Actor, message_id: UUID) -> str:
    """The text as it came, line by line."""
    row = find(_rows(actor), message_id)
    require(policies.can_read_content(actor, row), ONLY_DESKS)
    _note(actor, "open_original", row)
    return keeping.kept(row.id).decode(row.codec, "replace").replace("\r", "\n")


@transaction.atomic
def choose_person(
    actor: Actor, message_id: UUID, *, person_id: UUID, revision: int | None = None
) -> Received:
    """This is who is meant; then it is tried again."""
    row = _locked(actor, message_id, revision)
    find(Person.objects.all(), person_id)
    row.person_id = person_id
    _note(actor, "choose_person", row)
    return _again(actor, row, {"person_id": person_id})


@transaction.atomic
def register_person(
    actor: Actor, message_id: UUID, *, revision: int | None = None, **facts: Any
) -> Received:
    """Somebody new; likely duplicates are refused in words, as at a desk."""
    row = _locked(actor, message_id, revision)
    person = register(actor, **facts)
    row.person_id = person.id
    return _again(actor, row, {"person_id": person.id})


@transaction.atomic
def mend(
    actor: Actor, message_id: UUID, *, revision: int | None = None, **said: Any
) -> Received:
    """What the form says is kept with the message, codes in the feed's table too."""
    row = _locked(actor, message_id, revision)
    facts = _facts(row)
    _remember_codes(actor, row, facts, said)
    return _again(actor, row, said)


@transaction.atomic
def choose_receiver(
    actor: Actor, message_id: UUID, *, institution_id: UUID, revision: int | None = None
) -> Received:
    """By who keeps the systems, without a look at the patient."""
    row = find(_rows_held(actor), message_id)
    require(policies.can_map(actor, row.feed), ONLY_DESKS)
    _require_open(row, revision)
    facts = _facts(row)
    _remember_codes(actor, row, facts, {"to_institution_id": institution_id})
    return _again(actor, row, {"to_institution_id": institution_id})


@transaction.atomic
def replay(actor: Actor, message_id: UUID, *, revision: int | None = None) -> Received:
    """As it stands: after a code was mapped, or what stood in the way is gone."""
    return _again(actor, _locked(actor, message_id, revision), {})


@transaction.atomic
def set_aside(
    actor: Actor, message_id: UUID, *, note: str, revision: int | None = None
) -> Received:
    """Nothing comes of it; the reason stays, and what waited behind is tried."""
    row = find(_rows_held(actor), message_id)
    require(
        policies.can_set_aside(actor, row),
        _("只有发送机构的转诊办公室可以作废消息。"),
    )
    _require_open(row, revision)
    try:
        row.note = required_text(note, max_length=_LONGEST_NOTE)
    except Invalid as wrong:
        raise Invalid(fields={"note": wrong.text}) from None
    row.state, row.problems = State.SET_ASIDE.value, []
    row.revision += 1
    _handled(actor, row)
    _note(actor, "set_aside", row)
    receiving.follow(row)
    return row


def _again(actor: Actor, row: Received, said: dict[str, Any]) -> Received:
    mended = opened(row.mended_cipher).changed(**said)
    row.mended_cipher = mended.sealed()
    row.save(update_fields=Received.CHANGES)
    _note(actor, "replay", row)
    outcome = receiving.work_on(row, _message(row))
    if outcome.state in (State.DONE, State.REFUSED):
        _handled(actor, row)
        receiving.follow(row)
    return row


def _remember_codes(
    actor: Actor, row: Received, facts: ReferralFacts, said: dict[str, Any]
) -> None:
    """The next message with these codes needs nobody."""
    if not policies.can_map(actor, row.feed):
        return
    house, ward = said.get("to_institution_id"), said.get("to_department_id")
    if house and facts.receiver.institutions:
        code = facts.receiver.institutions[0]
        _map(actor, row, Meaning.INSTITUTION, code, house)
    if ward and facts.receiver.departments:
        _map(actor, row, Meaning.DEPARTMENT, facts.receiver.departments[0], ward)
    diagnosis = main_diagnosis(facts.diagnoses).code
    chosen = said.get("diagnosis_code")
    if chosen and diagnosis and chosen != diagnosis:
        _map(actor, row, Meaning.DIAGNOSIS, diagnosis, chosen)


def _map(
    actor: Actor, row: Received, meaning: Meaning, code: str, target: str | UUID
) -> None:
    note_meaning(actor, row.feed_id, meaning=meaning, code=code, target=target)


def _locked(actor: Actor, message_id: UUID, revision: int | None) -> Received:
    row = find(_rows_held(actor), message_id)
    require(policies.can_mend(actor, row), ONLY_DESKS)
    _require_open(row, revision)
    return row


def _require_open(row: Received, revision: int | None) -> None:
    if row.state not in REPLAYABLE:
        raise Conflict(_("这条消息已经办结，或在等前一条，不能再改。请刷新页面。"))
    if revision is not None and revision != row.revision:
        raise Conflict(_("这条消息刚被他人处理，请刷新页面，核对后再提交。"))


def _rows(actor: Actor) -> ReceivedQuerySet:
    rows = Received.objects.visible_to(actor)
    return rows.select_related("feed__institution", "to_institution")


def _rows_held(actor: Actor) -> ReceivedQuerySet:
    """Not against a message that lines up behind: it holds the patient's lock, for
    which we are about to wait."""
    return _rows(actor).select_for_update(of=("self",), no_key=True)


def _message(row: Received) -> Message:
    return hl7.read(keeping.kept(row.id), row.feed.charset)[0]


def _facts(row: Received) -> ReferralFacts:
    return read_referral(_message(row))


def _handled(actor: Actor, row: Received) -> None:
    row.handled_at, row.handled_by_id = timezone.now(), actor.account_id
    row.save(update_fields=Received.CHANGES)


def _note(actor: Actor, verb: str, row: Received) -> None:
    record(
        actor,
        f"exchange.{verb}",
        object_kind="message",
        object_id=row.id,
        person_id=row.person_id,
    )
