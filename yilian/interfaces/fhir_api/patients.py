"""Patients that come with files: found by their identifiers, or registered.

A patient becomes a person of the population; in the record `Patient.id` is the
person's id, and the id they came with is kept as an identifier. Numbers and phones
leave the body for their cipher columns (decisions 12).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.kernel.errors import DomainError, Invalid
from yilian.kernel.identity_number import IdentityKind
from yilian.kernel.names import name_as_received
from yilian.kernel.text import _
from yilian.record.rules.moments import span_of
from yilian.registry.population.fhir import (
    ID_CARD_SYSTEM,
    identity_placeholder,
    phone_placeholder,
)
from yilian.registry.population.models import Person, PersonIdentifier
from yilian.registry.population.services.loading import load_many
from yilian.registry.population.services.numbers import (
    Given,
    check_number,
    index_of,
    new_identifier,
    phone_columns,
)

_SEX: Final = {"male": "1", "female": "2", "other": "9"}
_LONGEST_NUMBER, _LONGEST_SYSTEM, _LONGEST_ADDRESS, _LONGEST_PHONE = 64, 200, 200, 30
_FULL_DATE: Final = 10


class PatientWrong(Invalid):
    code = "load-patient-wrong"


class Number(NamedTuple):
    kind: IdentityKind
    system: str
    value: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind.value, self.system, index_of(self.kind, self.value)


class Patients:
    """Those of one institution's files."""

    def __init__(self, actor: Actor, institution_id: UUID, code: str) -> None:
        self.actor, self.institution_id = actor, institution_id
        self.system = f"urn:yilian:patient-id:{code}"
        self.known: dict[str, UUID | None] = {}
        self.registered = 0

    def find(self, foreign_id: str) -> UUID | None:
        """The person that came before with this id from this institution."""
        if foreign_id not in self.known:
            number = Number(IdentityKind.MEDICAL_RECORD_NUMBER, self.system, foreign_id)
            held = _holders([number])
            self.known[foreign_id] = next((row.person_id for row in held), None)
        return self.known[foreign_id]

    def settle(self, resource: Mapping[str, Any], foreign_id: str) -> UUID:
        """Their person, registered now if need be; raises in words."""
        numbers = self._numbers(resource, foreign_id)
        held = _holders(numbers)
        persons = {row.person_id for row in held}
        if len(persons) > 1:
            raise PatientWrong(_("这些号码属于不止一位已登记的居民，没有载入。"))
        if not persons:
            return self._register(resource, numbers)
        person_id = persons.pop()
        _require_same(person_id, resource)
        self._add(person_id, numbers, held)
        return person_id

    def forget(self) -> None:
        """After a rollback: what was registered in between is not there."""
        self.known.clear()

    def body(
        self, resource: Mapping[str, Any], person_id: UUID, foreign_id: str
    ) -> dict[str, Any]:
        """As received, with placeholders for numbers and phones, and our own id."""
        numbers = self._numbers(resource, foreign_id)
        held = {_key(row): row.id for row in _holders(numbers)}
        left_out = {"id", "text", "telecom", "identifier", "contact", "photo"}
        body = {name: v for name, v in resource.items() if name not in left_out}
        own = {
            "system": self.system,
            "value": identity_placeholder(held[numbers[0].key]),
        }
        given = [one for one in resource.get("identifier", ()) if one.get("value")]
        kept = [
            {**one, "value": identity_placeholder(held[number.key])}
            for one, number in zip(given, numbers[1:], strict=True)
        ]
        body |= {"id": str(person_id), "identifier": [own, *kept]}
        if _phone(resource):
            body["telecom"] = [
                {"system": "phone", "value": phone_placeholder(person_id)}
            ]
        return body

    def _numbers(self, resource: Mapping[str, Any], foreign_id: str) -> list[Number]:
        """The id it came with first, then each identifier with a value."""
        own = Number(IdentityKind.MEDICAL_RECORD_NUMBER, self.system, foreign_id)
        given = [one for one in resource.get("identifier", ()) if one.get("value")]
        return [own, *(_number(one) for one in given)]

    def _register(self, resource: Mapping[str, Any], numbers: Sequence[Number]) -> UUID:
        born_on = _born_on(resource)
        person = Person(
            name=name_as_received(_name(resource)),
            sex=_SEX.get(str(resource.get("gender")), "0"),
            born_on=born_on,
            died_at=_died_at(resource),
            address=_address(resource)[:_LONGEST_ADDRESS],
            registered_by_id=self.institution_id,
            **_phone_columns(resource),
        )
        load_many(self.actor, persons=[person], identifiers=_rows(person.id, numbers))
        self.registered += 1
        return person.id

    def _add(
        self, person_id: UUID, numbers: Sequence[Number], held: Sequence[Any]
    ) -> None:
        known = {_key(row) for row in held}
        new = [number for number in numbers if number.key not in known]
        if new:
            load_many(self.actor, identifiers=_rows(person_id, new))


def _rows(person_id: UUID, numbers: Sequence[Number]) -> list[PersonIdentifier]:
    different = {number.key: number for number in numbers}
    return [
        new_identifier(person_id, number.kind, number.value, number.system)
        for number in different.values()
    ]


def _holders(numbers: Sequence[Number]) -> list[PersonIdentifier]:
    keys = {number.key for number in numbers}
    rows = PersonIdentifier.objects.filter(
        value_index__in={index for _kind, _system, index in keys}, retired_at=None
    )
    return [row for row in rows if _key(row) in keys]


def _key(row: PersonIdentifier) -> tuple[str, str, str]:
    return row.kind, row.system, row.value_index


def _number(identifier: Mapping[str, Any]) -> Number:
    system, value = str(identifier.get("system") or ""), str(identifier["value"])
    if len(value) > _LONGEST_NUMBER or len(system) > _LONGEST_SYSTEM:
        raise PatientWrong(_("号码或号码体系过长。"))
    if system == ID_CARD_SYSTEM:
        try:
            given = Given(IdentityKind.ID_CARD, value)
            checked = check_number(given, today=timezone.localdate())
        except DomainError:
            raise PatientWrong(_("居民身份证号码不正确。")) from None
        return Number(IdentityKind.ID_CARD, "", checked.value)
    return Number(IdentityKind.MEDICAL_RECORD_NUMBER, system, value)


def _require_same(person_id: UUID, resource: Mapping[str, Any]) -> None:
    """The same number with another birth date is somebody else, or a mistake."""
    known = Person.objects.values_list("born_on", flat=True).get(pk=person_id)
    born_on = _born_on(resource)
    if known and born_on and known != born_on:
        raise PatientWrong(_("号码与已登记的居民相同，出生日期却不同，没有载入。"))


def _name(resource: Mapping[str, Any]) -> str:
    names = [name for name in resource.get("name", ()) if isinstance(name, Mapping)]
    names.sort(key=lambda name: name.get("use") != "official")
    for name in names:
        parts = [*name.get("given", ()), str(name.get("family") or "")]
        said = name.get("text") or " ".join(part for part in parts if part)
        if said:
            return str(said)
    return ""


def _born_on(resource: Mapping[str, Any]) -> date | None:
    said = str(resource.get("birthDate") or "")
    return date.fromisoformat(said) if len(said) == _FULL_DATE else None


def _died_at(resource: Mapping[str, Any]) -> Any:
    at = span_of(resource.get("deceasedDateTime")).start
    if at is None and resource.get("deceasedBoolean") is True:
        return timezone.now()  # known to be dead, not since when: nobody refers them
    return at


def _address(resource: Mapping[str, Any]) -> str:
    for address in resource.get("address", ()):
        lines = [*address.get("line", ()), address.get("city"), address.get("state")]
        return str(address.get("text") or " ".join(str(x) for x in lines if x))
    return ""


def _phone(resource: Mapping[str, Any]) -> str:
    for contact in resource.get("telecom", ()):
        value = str(contact.get("value") or "")
        if contact.get("system") == "phone" and 0 < len(value) <= _LONGEST_PHONE:
            return value
    return ""


def _phone_columns(resource: Mapping[str, Any]) -> dict[str, Any]:
    phone = _phone(resource)
    return phone_columns(phone) if phone else {}
