"""Who is meant: by number, by the record number of the feed, or nobody for sure.

Reading only. A person is taken as found when number and name agree; everything else
is for somebody at a desk to decide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from yilian.interfaces.exchange.hl7v2.referral import Number, Patient
from yilian.interfaces.exchange.intake.models import Feed
from yilian.interfaces.exchange.intake.rules import Matter, Problem
from yilian.kernel.errors import DomainError
from yilian.kernel.identity_number import (
    Checked,
    IdentityKind,
    IdentityNumberWrong,
    check,
)
from yilian.kernel.names import clean_name, name_as_received, pinyin_of
from yilian.kernel.text import Text, _
from yilian.registry.population.models import Person
from yilian.registry.population.services.numbers import (
    Given,
    holder_of,
    phone_facts,
)
from yilian.registry.population.services.registering import Likely, likely_same

# Table 0203 and what is written instead, for the resident number and its kin.
_NATIONAL: Final = frozenset({"NI", "NNCHN", "SS", "ID", "IDCARD", "01", "居民身份证"})
_ID_KINDS: Final = (
    IdentityKind.ID_CARD,
    IdentityKind.HMT_RESIDENCE,
    IdentityKind.FOREIGNER_RESIDENCE,
)
_KINDS: Final = {
    "PPN": IdentityKind.PASSPORT,
    "03": IdentityKind.PASSPORT,
    "HC": IdentityKind.INSURANCE_NUMBER,
}
_LENGTHS: Final = frozenset({15, 18})


@dataclass(frozen=True, slots=True)
class Found:
    """One person, or why not, and who it might be."""

    person_id: UUID | None = None
    problem: Problem | None = None
    likely: Sequence[Likely] = ()


def find_person(feed: Feed, patient: Patient) -> Found:
    try:
        numbers = list(official(patient))
    except IdentityNumberWrong as wrong:
        return Found(problem=_problem(wrong.text), likely=_alike(patient, []))
    for number in numbers:
        holder = holder_of(number.kind, number.value)
        if holder is not None:
            return _by_name(holder.person, patient)
    for given in record_numbers(feed, patient):
        holder = holder_of(given.kind, given.value, given.system)
        if holder is not None and holder.person.born_on == patient.born_on:
            return _by_name(holder.person, patient)
    return _nobody(_alike(patient, numbers))


def official(patient: Patient) -> Iterator[Checked]:
    """Numbers a state has given. Raises the words of one that cannot be right."""
    today = timezone.localdate()
    for number in patient.numbers:
        kind = _KINDS.get(number.kind)
        if kind is not None:
            yield check(kind, number.value, today=today)
        elif _is_national(number):
            yield _national(number)


def record_numbers(feed: Feed, patient: Patient) -> list[Given]:
    """Numbers of the sender's own, unique only there."""
    own = f"urn:yilian:feed:{feed.name}"
    return [
        Given(IdentityKind.MEDICAL_RECORD_NUMBER, number.value, own)
        for number in patient.numbers
        if number.kind not in _KINDS and not _is_national(number)
    ]


def person_name(patient: Patient) -> str:
    """As the register would keep it; "" for what can be nobody's."""
    for read in (clean_name, name_as_received):
        try:
            return read(patient.name)
        except DomainError:
            continue
    return ""


def _is_national(number: Number) -> bool:
    if number.kind in _NATIONAL:
        return True
    # Said to be nothing in particular, and yet a valid number: that is no accident.
    if number.kind or len(number.value) not in _LENGTHS:
        return False
    try:
        _national(number)
    except IdentityNumberWrong:
        return False
    return True


def _national(number: Number) -> Checked:
    today = timezone.localdate()
    wrong: IdentityNumberWrong | None = None
    for kind in _ID_KINDS:
        try:
            return check(kind, number.value, today=today)
        except IdentityNumberWrong as error:
            wrong = wrong or error
    assert wrong is not None  # noqa: S101 there are kinds
    raise wrong


def _by_name(person: Person, patient: Patient) -> Found:
    if _same_name(person.name, person_name(patient)):
        return Found(person_id=person.id)
    words = Text(_("证件号码登记在另一个姓名下，请核对。"))
    return Found(problem=_problem(words), likely=[Likely(person.id, frozenset())])


def _same_name(one: str, other: str) -> bool:
    return sorted(one.casefold().split()) == sorted(other.casefold().split())


def _nobody(likely: Sequence[Likely]) -> Found:
    if likely:
        words = Text(
            _("可能是已有档案的 {count} 位居民之一，请核对。"), {"count": len(likely)}
        )
    else:
        words = Text(_("没有找到这位患者的档案，请查找或登记。"))
    return Found(problem=_problem(words), likely=likely)


def _alike(patient: Patient, numbers: Sequence[Checked]) -> list[Likely]:
    name = person_name(patient)
    if not name:
        return []
    columns: dict[str, Any] = {
        "name": name,
        "pinyin": pinyin_of(name).full[:240],
        "born_on": patient.born_on,
        "phone_index": "",
    }
    try:
        columns |= phone_facts(patient.phone)
    except DomainError:
        columns["phone_index"] = ""
    return likely_same(columns, numbers)


def _problem(words: Text) -> Problem:
    return Problem(Matter.PERSON, words, "person_id")
