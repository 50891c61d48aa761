"""From what a message says, and what a person has added, to a referral's sheet.

Reading only. Every thing that is missing is named at once, each at the field of the
form that mends it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from yilian.care.referral.rules import handover
from yilian.care.referral.rules.reasons import CareKind, Urgency
from yilian.care.referral.services.drafting import Sheet
from yilian.foundation.terminology.queries import icd10_name
from yilian.interfaces.exchange.hl7v2.content import REASON, sections_of
from yilian.interfaces.exchange.hl7v2.referral import (
    Coded,
    Diagnosis,
    Provider,
    ReferralFacts,
)
from yilian.interfaces.exchange.intake.mended import Mended
from yilian.interfaces.exchange.intake.models import CodeMeaning, Feed
from yilian.interfaces.exchange.intake.persons import Found, find_person
from yilian.interfaces.exchange.intake.rules import Matter, Meaning, Problem
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Direction, Tier, direction
from yilian.registry.directory.models import Department, Institution, PractitionerRole
from yilian.registry.directory.queries import today
from yilian.registry.directory.rules import nearness

_URGENCIES: Final = {
    "": Urgency.ROUTINE, "R": Urgency.ROUTINE, "A": Urgency.URGENT,
    "U": Urgency.URGENT, "S": Urgency.STAT,
}  # fmt: skip
_CARE: Final = {"I": CareKind.INPATIENT}
_ICD10: Final = frozenset({"", "I10", "I10C", "I10P", "ICD10", "ICD-10", "ICD10CN"})
_LONGEST_REASON: Final = 512
_AGREED: Final = "A"


@dataclass(frozen=True, slots=True)
class Settled:
    """What is known; a sheet that can be sent when there is no problem left."""

    problems: Sequence[Problem]
    sheet: Sheet
    way: Direction
    found: Found
    receiver: Institution | None
    consent_by: str
    post_id: UUID | None  # of the referring doctor, where the code is known

    @property
    def person_id(self) -> UUID | None:
        return self.found.person_id


def settle(feed: Feed, facts: ReferralFacts, mended: Mended) -> Settled:
    known = _Meanings(feed)
    receiver, ward = _receiver(known, facts.receiver, mended)
    way = _way(feed, receiver)
    found = (
        Found(mended.person_id)
        if mended.person_id
        else find_person(feed, facts.patient)
    )
    sheet = _sheet(known, facts, mended, way, ward)
    if receiver is not None:
        sheet = replace(sheet, to_institution_id=receiver.id)
        sheet = _with_specialty(sheet, receiver, ward, mended)
    consent_by = _consent(feed, facts, mended)
    problems = [
        *_receiver_problems(facts.receiver, receiver),
        *([found.problem] if found.problem else []),
        *_sheet_problems(sheet, facts, way, receiver),
        *_consent_problems(facts, consent_by),
    ]
    post_id = _post(known, facts.sender)
    return Settled(problems, sheet, way, found, receiver, consent_by, post_id)


class _Meanings:
    """The code table of one feed, read once."""

    def __init__(self, feed: Feed) -> None:
        rows = CodeMeaning.objects.filter(feed=feed).select_related(
            "institution", "department", "department__institution"
        )
        self._by: Mapping[tuple[str, str], CodeMeaning] = {
            (row.meaning, row.code): row for row in rows
        }

    def first(self, meaning: Meaning, codes: Sequence[str]) -> CodeMeaning | None:
        found = (self._by.get((meaning.value, code)) for code in codes)
        return next((row for row in found if row is not None), None)


def _receiver(
    known: _Meanings, said: Provider, mended: Mended
) -> tuple[Institution | None, Department | None]:
    """The chosen one, the mapped one, or the one whose own code it is."""
    ward_code = known.first(Meaning.DEPARTMENT, said.departments)
    ward = ward_code.department if ward_code else None
    if mended.to_institution_id:
        house = Institution.objects.filter(pk=mended.to_institution_id).first()
        return house, _own_ward(house, mended.to_department_id, ward, said)
    mapped = known.first(Meaning.INSTITUTION, said.institutions)
    if mapped is not None:
        return mapped.institution, _own_ward(mapped.institution, None, ward, said)
    if ward is not None:
        return ward.institution, ward
    named = Institution.objects.filter(code__in=said.institutions, tier__isnull=False)
    house = named.first()
    return house, _own_ward(house, mended.to_department_id, ward, said)


def _own_ward(
    house: Institution | None,
    chosen: UUID | None,
    mapped: Department | None,
    said: Provider,
) -> Department | None:
    if house is None:
        return None
    if chosen is not None:
        return Department.objects.filter(pk=chosen, institution=house).first()
    if mapped is not None and mapped.institution_id == house.id:
        return mapped
    wards = Department.objects.filter(institution=house, closed_on=None)
    return _called(list(wards), said.departments)


def _called(wards: Sequence[Department], names: Sequence[str]) -> Department | None:
    """By its name, or by a short form that fits one alone: 心内科 is 心血管内科."""
    for name in names:
        exact = [ward for ward in wards if ward.name == name]
        short = [ward for ward in wards if _is_short_for(name, ward.name)]
        if len(exact or short) == 1:
            return (exact or short)[0]
    return None


def _is_short_for(short: str, name: str) -> bool:
    """Its first letter, and the others in the same order."""
    letters = iter(name)
    is_one = len(short) > 1 and short[0] == name[:1]
    return is_one and all(letter in letters for letter in short)


def _way(feed: Feed, receiver: Institution | None) -> Direction:
    source = feed.institution.tier
    if receiver is None or not receiver.tier or not source:
        return Direction.UP
    return direction(Tier(source), Tier(receiver.tier))


def _sheet(
    known: _Meanings,
    facts: ReferralFacts,
    mended: Mended,
    way: Direction,
    ward: Department | None,
) -> Sheet:
    said = sections_of(facts, way)
    reason = mended.reason or said.pop(REASON, "") or facts.reason
    wanted = {section.key for section in handover.SECTIONS[way]}
    content = {key: text for key, text in said.items() if key in wanted}
    content |= {key: text for key, text in mended.content.items() if text}
    urgency = mended.urgency or _URGENCIES.get(facts.priority, "")
    care_kind = mended.care_kind or _CARE.get(facts.category, CareKind.OUTPATIENT)
    return Sheet(
        urgency=Urgency(urgency) if urgency else Urgency.ROUTINE,
        specialty=mended.specialty,
        diagnosis_code=mended.diagnosis_code or _diagnosis(known, facts.diagnoses),
        reason=reason[:_LONGEST_REASON],
        care_kind=CareKind(care_kind),
        to_department_id=ward.id if ward else None,
        content=content,
        skip_reason=mended.skip_reason,
        outside_reason=mended.outside_reason,
    )


def main_diagnosis(diagnoses: Sequence[Diagnosis]) -> Coded:
    """The one marked first, else the first."""
    marked = (one.code for one in diagnoses if one.priority == "1")
    return next(marked, diagnoses[0].code if diagnoses else Coded())


def _diagnosis(known: _Meanings, diagnoses: Sequence[Diagnosis]) -> str:
    said = main_diagnosis(diagnoses)
    mapped = known.first(Meaning.DIAGNOSIS, [said.code]) if said.code else None
    if mapped is not None:
        return mapped.diagnosis_code
    is_icd = said.system.upper() in _ICD10 and bool(said.code)
    return said.code if is_icd and icd10_name(said.code) else ""


def _with_specialty(
    sheet: Sheet, receiver: Institution, ward: Department | None, mended: Mended
) -> Sheet:
    """Of the ward; else of the one there that treats this diagnosis: the most nearly,
    and of several the one of traditional medicine only where it is the only one."""
    if mended.specialty:
        return sheet
    if ward is not None:
        return replace(sheet, specialty=ward.specialty)
    wards = Department.objects.filter(institution=receiver, closed_on=None)
    best, specialty = (0, False), ""
    for one in wards.order_by("name"):
        near = nearness(one.specialty, one.treats, sheet.diagnosis_code)
        if near[0] and near > best:
            best, specialty = near, one.specialty
    return replace(sheet, specialty=specialty)


def _consent(feed: Feed, facts: ReferralFacts, mended: Mended) -> str:
    if mended.consent_by:
        return mended.consent_by
    if facts.consent:
        return "self" if facts.consent == _AGREED else ""
    return "self" if feed.consent_evidence else ""


def _receiver_problems(
    said: Provider, receiver: Institution | None
) -> Iterator[Problem]:
    if receiver is not None:
        return
    words = (
        Text(
            _("接收机构的代码“{code}”没有对照，请选择机构。"),
            {"code": said.institutions[0][:60]},
        )
        if said.institutions
        else Text(_("消息没有写明接收机构，请选择。"))
    )
    yield Problem(Matter.RECEIVER, words, "to_institution_id")


def _sheet_problems(
    sheet: Sheet, facts: ReferralFacts, way: Direction, receiver: Institution | None
) -> Iterator[Problem]:
    if facts.priority not in _URGENCIES:
        yield _content(_("紧急程度的代码不认识，请选择。"), "urgency")
    if not sheet.diagnosis_code:
        yield _content(
            _("诊断没有编码，或不是 ICD-10 医保版编码，请选择。"), "diagnosis_code"
        )
    if receiver is not None and not sheet.specialty:
        yield _content(_("不知道转往哪个专科，请选择。"), "specialty")
    if not sheet.reason:
        yield _content(_("没有写转诊原因，请填写。"), "reason")
    is_stat = sheet.urgency is Urgency.STAT
    for part in handover.missing(
        handover.SECTIONS[way], sheet.content, emergency=is_stat
    ):
        words = Text(_("缺少{part}，请填写。"), {"part": Text(part.title)})
        yield Problem(Matter.CONTENT, words, part.key)


def _consent_problems(facts: ReferralFacts, consent_by: str) -> Iterator[Problem]:
    if consent_by:
        return
    is_refused = facts.consent not in {"", _AGREED}
    words = (
        _("消息写明患者没有同意转诊，请核实。")
        if is_refused
        else _("消息没有写明患者同意转诊，请核实后选择。")
    )
    yield _content(words, "consent_by")


def _content(words: str, field: str) -> Problem:
    return Problem(Matter.CONTENT, Text(words), field)


def _post(known: _Meanings, sender: Provider) -> UUID | None:
    mapped = known.first(Meaning.DOCTOR, sender.doctors)
    if mapped is None or mapped.post_id is None:
        return None
    held = PractitionerRole.objects.held_on(today()).filter(pk=mapped.post_id)
    return held.values_list("pk", flat=True).first()
