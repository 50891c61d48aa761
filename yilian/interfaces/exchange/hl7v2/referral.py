"""What a REF^I12 says (I13, I14, and the RRI that answers one), as plain facts.

Versions 2.3 to 2.5.1, and later ones as far as they agree. Nothing is judged here:
codes stay as they came, and what is missing is blank.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from yilian.interfaces.exchange.hl7v2.message import (
    Message,
    Repetition,
    Segment,
    day_of,
    moment_of,
)

MOST_LISTED: Final = 500  # of observations, notes and the like
_LONGEST_CODE: Final = 120
_HAN: Final = re.compile("[\u3400-\u9fff\U00020000-\U000323af]")
_WRAPPING: Final = frozenset({"OBX", "OBR", "DG1", "AL1", "PR1", "RF1", "PID", "PV1"})
_SEXES: Final = {"M": "1", "F": "2", "1": "1", "2": "2", "U": "0", "0": "0", "9": "9"}
_ID_LENGTHS: Final = frozenset({15, 18})
_REFERRING: Final = "RP"
_REFERRED_TO: Final = "RT"


@dataclass(frozen=True, slots=True)
class Coded:
    code: str = ""
    text: str = ""
    system: str = ""

    @property
    def words(self) -> str:
        return self.text or self.code


@dataclass(frozen=True, slots=True)
class Number:
    """An identifier of a person as it came; `kind` is its table 0203 code."""

    value: str
    kind: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    name: str = ""
    sex: str = "0"  # GB/T 2261.1
    born_on: date | None = None
    numbers: Sequence[Number] = ()
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """One side: whatever may be the code of its house, ward or doctor."""

    institutions: Sequence[str] = ()
    departments: Sequence[str] = ()
    doctors: Sequence[str] = ()
    doctor_name: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """`place` counts from 1; `order` is what was ordered (OBR-4)."""

    place: int
    code: Coded
    kind: str = ""
    values: Sequence[str] = ()
    concepts: Sequence[Coded] = ()
    unit: str = ""
    limits: str = ""
    flags: Sequence[str] = ()
    status: str = ""
    at: datetime | None = None
    comments: Sequence[str] = ()
    order: Coded = Coded()


@dataclass(frozen=True, slots=True)
class Allergy:
    kind: str
    code: Coded
    severity: str = ""
    reactions: Sequence[str] = ()
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    code: Coded
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    code: Coded
    kind: str = ""
    priority: str = ""


@dataclass(frozen=True, slots=True)
class ReferralFacts:
    """`number` is that of who began it, `other_number` the other side's."""

    number: str = ""
    other_number: str = ""
    status: str = ""  # table 0283: A accepted, E expired, P pending, R rejected
    priority: str = ""  # table 0280: S stat, A as soon as possible, R routine
    category: str = (
        ""  # table 0284: I inpatient, O outpatient, A ambulatory, E emergency
    )
    kind: str = ""
    reason: str = ""
    effective_on: date | None = None
    expires_on: date | None = None
    sender: Provider = Provider()
    receiver: Provider = Provider()
    patient: Patient = Patient()
    diagnoses: Sequence[Diagnosis] = ()
    allergies: Sequence[Allergy] = ()
    procedures: Sequence[Procedure] = ()
    observations: Sequence[Observation] = ()
    notes: Sequence[str] = ()
    admit_reason: str = ""
    consent: str = ""  # CON-11: A active, R refused …; "" where nothing is said


def read_referral(message: Message) -> ReferralFacts:
    rf1 = message.first("RF1")
    notes, comments = _notes(message)
    return ReferralFacts(
        number=_short(rf1.value(6)),
        other_number=_short(rf1.value(11)),
        status=rf1.value(1).upper(),
        priority=rf1.value(2).upper(),
        category=rf1.value(5).upper(),
        kind=rf1.value(3),
        reason="；".join(_all_words(rf1, 10)),
        effective_on=day_of(rf1.value(7)),
        expires_on=day_of(rf1.value(8)),
        sender=_provider(message, _REFERRING),
        receiver=_provider(message, _REFERRED_TO),
        patient=_patient(message.first("PID")),
        diagnoses=[_diagnosis(one) for one in message.of("DG1")[:MOST_LISTED]],
        allergies=[_allergy(one) for one in message.of("AL1")[:MOST_LISTED]],
        procedures=[_procedure(one) for one in message.of("PR1")[:MOST_LISTED]],
        observations=list(_observations(message, comments)),
        notes=notes,
        admit_reason=_coded(message.first("PV2"), 3).words,
        consent=message.first("CON").value(11).upper(),
    )


def _provider(message: Message, role: str) -> Provider:
    prd = next(
        (one for one in message.of("PRD") if one.value(1).upper() == role),
        Segment("PRD", ["PRD"]),
    )
    header = message.header
    house = header.facility if role == _REFERRING else header.to_facility
    location = prd.first(4)
    return Provider(
        institutions=_codes(
            prd.value(10, 10), prd.value(10, 3), location.value(4), prd.value(10), house
        ),
        departments=_codes(location.value(1)),
        doctors=_codes(*(one.value(1) for one in prd.repetitions(7))),
        doctor_name=_name(prd.first(2)),
    )


def _patient(pid: Segment) -> Patient:
    return Patient(
        name=_best_name(pid.repetitions(5)),
        sex=_SEXES.get(pid.value(8).upper(), "0"),
        born_on=day_of(pid.value(7)),
        numbers=list(_numbers(pid)),
        phone=_phone(pid.first(13)) or _phone(pid.first(14)),
        address=_address(pid.first(11)),
    )


def _numbers(pid: Segment) -> Iterator[Number]:
    """PID-3, and the older places: 2, 4 and, for the resident number, 19."""
    seen: set[str] = set()
    for place in (3, 2, 4):
        for one in pid.repetitions(place)[:20]:
            number = Number(one.value(1), one.value(5).upper(), one.value(4))
            if number.value and number.value not in seen:
                seen.add(number.value)
                yield number
    national = pid.value(19)
    if national and national not in seen:
        yield Number(national, "NI" if len(national) in _ID_LENGTHS else "")


def _best_name(repetitions: Sequence[Repetition]) -> str:
    """In Chinese characters where one of them is; else the first."""
    names = [name for name in map(_name, repetitions[:10]) if name]
    return next((name for name in names if _HAN.search(name)), next(iter(names), ""))


def _name(xpn: Repetition) -> str:
    family, given, middle = xpn.value(1), xpn.value(2), xpn.value(3)
    if _HAN.search(family + given):
        return f"{family}{given}"
    return " ".join(filter(None, (given, middle, family)))


def _phone(xtn: Repetition) -> str:
    if xtn.value(1):
        return xtn.value(1)
    parts = [xtn.value(6), xtn.value(7)]
    return "-".join(filter(None, parts)) or xtn.value(12)


def _address(xad: Repetition) -> str:
    """Province, city, street, as an address is read in China; else as it came."""
    parts = [xad.value(number) for number in (4, 3, 1, 2)]
    if any(_HAN.search(part) for part in parts):
        return "".join(parts)
    return ", ".join(part for part in reversed(parts) if part)


def _diagnosis(dg1: Segment) -> Diagnosis:
    code = _coded(dg1, 3)
    if not code.text:
        code = Coded(code.code, dg1.value(4), code.system)
    return Diagnosis(code, dg1.value(6).upper(), dg1.value(15))


def _allergy(al1: Segment) -> Allergy:
    reactions = [one.whole() for one in al1.repetitions(5)][:20]
    return Allergy(
        kind=al1.value(2),
        code=_coded(al1, 3),
        severity=al1.value(4).upper(),
        reactions=[reaction for reaction in reactions if reaction],
        since=day_of(al1.value(6)),
    )


def _procedure(pr1: Segment) -> Procedure:
    code = _coded(pr1, 3)
    if not code.text:
        code = Coded(code.code, pr1.value(4), code.system)
    return Procedure(code, day_of(pr1.value(5)))


def _observations(
    message: Message, comments: dict[int, list[str]]
) -> Iterator[Observation]:
    order, ordered_at, place = Coded(), None, 0
    for segment in message:
        if segment.name == "OBR":
            order, ordered_at = _coded(segment, 4), moment_of(segment.value(7))
        if segment.name == "OBX":
            place += 1
            if place <= MOST_LISTED:
                said = comments.get(place, [])
                yield _observation(segment, place, order, ordered_at, said)


def _observation(
    obx: Segment,
    place: int,
    order: Coded,
    ordered_at: datetime | None,
    comments: Sequence[str],
) -> Observation:
    kind = obx.value(2).upper()
    is_coded = kind in {"CE", "CWE", "CNE", "CF"}
    values = obx.repetitions(5)[:50]
    return Observation(
        place=place,
        code=_coded(obx, 3),
        kind=kind,
        values=[] if is_coded else [_value(one, kind) for one in values],
        concepts=[_of(one) for one in values] if is_coded else [],
        unit=obx.value(6),
        limits=obx.value(7),
        flags=[one.value(1).upper() for one in obx.repetitions(8)[:10]],
        status=obx.value(11).upper(),
        at=moment_of(obx.value(14)) or ordered_at,
        comments=comments,
        order=order,
    )


def _value(one: Repetition, kind: str) -> str:
    if kind == "SN":  # comparator, number, separator, number
        return "".join(one.value(number) for number in range(1, 5))
    return one.value(1) if kind in {"NM", "ST", "DT", "TS", "DTM"} else one.whole()


def _notes(message: Message) -> tuple[list[str], dict[int, list[str]]]:
    """Notes on the whole, and comments by the observation they stand behind."""
    notes: list[str] = []
    comments: dict[int, list[str]] = {}
    behind, place = "", 0
    for segment in message:
        if segment.name == "OBX":
            place += 1
        if segment.name in _WRAPPING:
            behind = segment.name
        if segment.name != "NTE":
            continue
        text = "\n".join(filter(None, (one.whole() for one in segment.repetitions(3))))
        if text and behind == "OBX":
            comments.setdefault(place, []).append(text)
        elif text and len(notes) < MOST_LISTED:
            notes.append(text)
    return notes, comments


def _coded(segment: Segment, number: int) -> Coded:
    return _of(segment.first(number))


def _of(one: Repetition) -> Coded:
    return Coded(_short(one.value(1)), one.value(2), one.value(3))


def _all_words(segment: Segment, number: int) -> list[str]:
    found = [_of(one).words for one in segment.repetitions(number)[:10]]
    return [words for words in found if words]


def _codes(*found: str) -> list[str]:
    return list(dict.fromkeys(_short(code) for code in found if code))


def _short(code: str) -> str:
    return " ".join(code.split())[:_LONGEST_CODE]
