"""What a peer is told, as its house may read it at this moment.

The house's own sight decides (decisions 1): before it accepts, the hand-over, the
name and the birth date; from then on the patient's numbers, phone and address too.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.utils import timezone

from yilian.care.referral import fhir
from yilian.care.referral.models import Referral
from yilian.care.referral.policies import can_read_content
from yilian.care.referral.rules import handover
from yilian.care.referral.rules.reasons import DECLINE_REASONS, REDIRECT_REASONS
from yilian.foundation.access.actor import Actor
from yilian.foundation.vault.services import decrypt
from yilian.interfaces.exchange.hl7v2 import writing
from yilian.interfaces.exchange.hl7v2.writing import Event, Side, Who
from yilian.interfaces.exchange.intake.actors import house_actor
from yilian.interfaces.exchange.intake.models import CodeMeaning, Received
from yilian.interfaces.exchange.intake.rules import Meaning
from yilian.interfaces.exchange.outgoing.models import Letter, Peer
from yilian.interfaces.exchange.outgoing.rules import STATUS_WORDS
from yilian.interfaces.exchange.outgoing.services.dispatching import came_as
from yilian.kernel.canonical import parse_object
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.tier import Direction
from yilian.record.queries.reading import filled, resources_of
from yilian.registry.directory.models import Department, Institution
from yilian.registry.population.models import PersonIdentifier
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope

REGION: Final = "NX"
_NUMBER_KINDS: Final[Mapping[IdentityKind, str]] = {
    IdentityKind.ID_CARD: "NNCHN",
    IdentityKind.PASSPORT: "PPN",
    IdentityKind.INSURANCE_NUMBER: "HC",
}
_ALONG: Final = ("AllergyIntolerance", "Condition", "Observation", "MedicationRequest")
_MOST_ALONG: Final = 100


def reader_of(peer: Peer) -> Actor:
    return house_actor(peer.institution)


# --- HL7 v2 -------------------------------------------------------------------------


def hl7v2(letter: Letter) -> bytes:
    peer, referral = letter.peer, letter.referral
    reader = reader_of(peer)
    event = Event(letter.event)
    first = came_as(referral)
    return writing.written(
        writing.Letter(
            event=event,
            control_id=letter.control_id,
            sent_at=timezone.now(),
            to_application=peer.application,
            to_facility=peer.facility,
            from_facility=REGION,
            security=decrypt(peer.secret_cipher) if peer.secret_cipher else "",
            number=referral.number,
            other_number=first.foreign_number if first else "",
            answers=first.control_id if first else "",
            status=_status(letter),
            urgency=referral.urgency,
            care_kind=referral.care_kind,
            reason=referral.reason,
            submitted_at=referral.submitted_at,
            valid_until=referral.valid_until,
            visit_at=referral.visit_at,
            sender=_side(peer, referral.from_institution, referral.from_department),
            receiver=_side(peer, referral.to_institution, referral.to_department),
            patient=_who(reader, referral, peer),
            diagnosis=(referral.diagnosis_code, referral.diagnosis_name),
            sections=list(_sections(reader, referral, event)),
            notes=list(_notes(letter)),
        )
    )


def _status(letter: Letter) -> str:
    code = letter.status or "P"
    return f"{code}^{STATUS_WORDS[code]}"


def _side(peer: Peer, house: Institution | None, ward: Department | None) -> Side:
    """With the code by which the peer's house knows it, where that was said."""
    if house is None:
        return Side("", "")
    known = CodeMeaning.objects.filter(
        feed__institution=peer.institution,
        meaning=Meaning.INSTITUTION.value,
        institution=house,
    ).first()
    return Side(
        code=known.code if known else house.code,
        name=house.legal_name,
        department=ward.name if ward else "",
        phone=house.referral_phone or house.phone,
    )


def _who(reader: Actor, referral: Referral, peer: Peer) -> Who:
    person = referral.person
    scope = sight_of(reader, person.id).scope
    if scope < Scope.IDENTITY:
        # Somebody whom the house does not see any more: the opaque id it was told.
        own = list(_own_numbers(referral, peer))
        return Who(str(person.id), "", "0", None, own)
    is_open = scope >= Scope.FULL
    numbers = [*_own_numbers(referral, peer), *(_official(referral) if is_open else ())]
    return Who(
        id=str(person.id),
        name=person.name,
        sex=person.sex,
        born_on=person.born_on,
        numbers=numbers,
        phone=decrypt(person.phone_cipher) if is_open and person.phone_cipher else "",
        address=person.address if is_open else "",
    )


def _own_numbers(referral: Referral, peer: Peer) -> Iterator[tuple[str, str, str]]:
    """The record number that the peer's own house once sent us."""
    rows = PersonIdentifier.objects.filter(
        person=referral.person_id,
        kind=IdentityKind.MEDICAL_RECORD_NUMBER.value,
        retired_at=None,
    )
    feeds = {f"urn:yilian:feed:{name}" for name in _feeds_of(peer)}
    for row in rows.filter(system__in=feeds):
        yield decrypt(row.value_cipher), "MR", peer.facility


def _feeds_of(peer: Peer) -> list[str]:
    rows = Received.objects.filter(feed__institution=peer.institution)
    return list(rows.values_list("feed__name", flat=True).distinct())


def _official(referral: Referral) -> Iterator[tuple[str, str, str]]:
    rows = PersonIdentifier.objects.filter(person=referral.person_id, retired_at=None)
    for row in rows.order_by("created_at"):
        kind = _NUMBER_KINDS.get(IdentityKind(row.kind))
        if kind is not None:
            yield decrypt(row.value_cipher), kind, ""


def _sections(
    reader: Actor, referral: Referral, event: Event
) -> Iterator[tuple[str, str, str]]:
    """The hand-over going out, the feedback coming back."""
    way = Direction(referral.direction)
    if event is Event.ANSWER:
        yield from _parts(handover.FEEDBACKS[way], referral.feedback)
    elif event is not Event.CANCEL and can_read_content(reader, referral):
        yield from _parts(handover.SECTIONS[way], referral.content)


def _parts(
    sections: tuple[handover.Section, ...], content: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    for section in sections:
        if content.get(section.key):
            yield section.key, section.title, content[section.key]


def _notes(letter: Letter) -> Iterator[str]:
    """The last step's reason and words: why it was sent back, what is asked."""
    step = letter.referral.steps.order_by("-taken_at", "-id").first()
    if step is None or letter.event in (Event.REFER, Event.CHANGE):
        return
    reasons = {**REDIRECT_REASONS, **DECLINE_REASONS}
    words = [reasons.get(step.reason_code, ""), step.note]
    said = "：".join(filter(None, words))
    if said:
        yield said


# --- FHIR -----------------------------------------------------------------------------


def bundle(letter: Letter) -> dict[str, Any]:
    """Everything under its own id by PUT: sent twice, it stands once."""
    referral, reader = letter.referral, reader_of(letter.peer)
    resources = [
        *_houses(referral),
        _patient(reader, referral),
        _with_content(reader, letter),
        fhir.task(referral) | _task_reason(letter),
        *(_along(reader, referral) if letter.event == Event.REFER else ()),
    ]
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "timestamp": timezone.now().isoformat(),
        "identifier": {"system": "urn:yilian:letter", "value": letter.control_id},
        "entry": [_entry(one) for one in resources],
    }


def _entry(resource: Mapping[str, Any]) -> dict[str, Any]:
    name = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": name}}


def _houses(referral: Referral) -> Iterator[dict[str, Any]]:
    for house in (referral.from_institution, referral.to_institution):
        if house is not None:
            yield {
                "resourceType": "Organization",
                "id": str(house.id),
                "identifier": [
                    {"system": "urn:yilian:institution", "value": house.code}
                ],
                "name": house.legal_name,
            }


def _patient(reader: Actor, referral: Referral) -> dict[str, Any]:
    """As the record gives it to this house; numbers it may not read are left out."""
    person = referral.person
    held = resources_of(reader, person.id, ["Patient"], limit=1)
    if not held or sight_of(reader, person.id).scope < Scope.IDENTITY:
        return {"resourceType": "Patient", "id": str(person.id)}
    body: dict[str, Any] = parse_object(filled(reader, held[0].text))
    body.pop("meta", None)
    if sight_of(reader, person.id).scope < Scope.FULL:
        for name in ("identifier", "telecom", "address"):
            body.pop(name, None)
    return body


def _with_content(reader: Actor, letter: Letter) -> dict[str, Any]:
    referral = letter.referral
    request = fhir.service_request(referral)
    said = list(_sections(reader, referral, Event(letter.event)))
    notes = [{"text": f"{title}：{text}"} for _key, title, text in said]
    request["note"] = [*request["note"], *notes]
    if letter.event == Event.CANCEL:
        request["note"] = []
    return {name: value for name, value in request.items() if value != []}


def _task_reason(letter: Letter) -> dict[str, Any]:
    said = next(_notes(letter), "")
    return {"statusReason": {"text": said}} if said else {}


def _along(reader: Actor, referral: Referral) -> Iterator[dict[str, Any]]:
    """What of the record this house may read now, and what came with the referral."""
    held = resources_of(reader, referral.person_id, _ALONG, limit=_MOST_ALONG)
    for one in held:
        body = parse_object(filled(reader, one.text))
        body.pop("meta", None)
        yield body
