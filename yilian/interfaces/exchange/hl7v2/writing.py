"""REF^I12 to I14 and RRI^I12 as we send them, version 2.5.1, in UTF-8."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from yilian.interfaces.exchange.hl7v2.answering import APPLICATION, stamp
from yilian.interfaces.exchange.hl7v2.content import OWN_SYSTEM
from yilian.interfaces.exchange.hl7v2.message import escaped

VERSION: Final = "2.5.1"
CHARSET: Final = "UNICODE UTF-8"
AUTHORITY: Final = "YILIAN"
_NAMELESS: Final = "^^^^^^U"  # table 0200: unspecified


class Event(StrEnum):
    REFER = "REF^I12^REF_I12"
    CHANGE = "REF^I13^REF_I12"
    CANCEL = "REF^I14^REF_I12"
    ANSWER = "RRI^I12^RRI_I12"


PRIORITY: Final = {
    "stat": "S^Stat",
    "urgent": "A^As soon as possible",
    "routine": "R^Routine",
}
CATEGORY: Final = {"inpatient": "I^Inpatient", "outpatient": "O^Outpatient"}


@dataclass(frozen=True, slots=True)
class Side:
    """An institution of ours: `code` is how the other system knows it."""

    code: str
    name: str
    department: str = ""
    doctor: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """`numbers`: (value, table 0203 code, who gave it)."""

    id: str
    name: str
    sex: str  # GB/T 2261.1
    born_on: date | None
    numbers: Sequence[tuple[str, str, str]] = ()
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a message says. `answers`: the control id it replies to."""

    event: Event
    control_id: str
    sent_at: datetime
    to_application: str
    to_facility: str
    from_facility: str
    security: str
    number: str  # ours
    other_number: str = ""  # theirs
    status: str = "P^Pending"
    urgency: str = "routine"
    care_kind: str = "outpatient"
    reason: str = ""
    submitted_at: datetime | None = None
    valid_until: datetime | None = None
    visit_at: datetime | None = None
    sender: Side = Side("", "")
    receiver: Side = Side("", "")
    patient: Who = Who("", "", "0", None)
    diagnosis: tuple[str, str] = ("", "")
    sections: Sequence[tuple[str, str, str]] = ()  # key, title, text
    notes: Sequence[str] = ()
    answers: str = ""


def written(letter: Letter) -> bytes:
    return "".join(f"{line}\r" for line in _lines(letter)).encode()


def _lines(letter: Letter) -> Iterator[str]:
    yield _msh(letter)
    if letter.event is Event.ANSWER:
        yield _segment("MSA", "AA", escaped(letter.answers))
    yield _rf1(letter)
    yield _prd("RP^Referring Provider^HL70286", letter.sender)
    yield _prd("RT^Referred to Provider^HL70286", letter.receiver)
    yield _pid(letter.patient)
    if letter.diagnosis[0]:
        code, name = map(escaped, letter.diagnosis)
        yield _segment("DG1", "1", "", f"{code}^{name}^I10", name, "", "W")
    if letter.sections:
        yield _segment("OBR", "1", "", "", f"handover^转诊交接内容^{OWN_SYSTEM}")
    for place, (key, title, text) in enumerate(letter.sections, start=1):
        code = f"{escaped(key)}^{escaped(title)}^{OWN_SYSTEM}"
        fields = [str(place), "TX", code, "", escaped(text), "", "", "", "", "", "F"]
        yield _segment("OBX", *fields)
    for place, note in enumerate(letter.notes, start=1):
        yield _segment("NTE", str(place), "", escaped(note))


def _msh(letter: Letter) -> str:
    fields = [
        "MSH", "^~\\&", APPLICATION, escaped(letter.from_facility),
        escaped(letter.to_application), escaped(letter.to_facility),
        stamp(letter.sent_at), escaped(letter.security), letter.event,
        letter.control_id, "P", VERSION, "", "", "AL", "NE", "", CHARSET,
    ]  # fmt: skip
    return "|".join(fields)


def _rf1(letter: Letter) -> str:
    ours = f"{escaped(letter.number)}^{AUTHORITY}" if letter.number else ""
    theirs = escaped(letter.other_number)
    # Who began it stands in RF1-6: an answer gives the other side its own number.
    first, second = (
        (theirs, ours) if letter.event is Event.ANSWER and theirs else (ours, theirs)
    )
    return _segment(
        "RF1",
        f"{letter.status}^HL70283",
        f"{PRIORITY.get(letter.urgency, 'R^Routine')}^HL70280",
        "", "",
        f"{CATEGORY.get(letter.care_kind, 'O^Outpatient')}^HL70284",
        first,
        stamp(letter.submitted_at) if letter.submitted_at else "",
        stamp(letter.valid_until) if letter.valid_until else "",
        stamp(letter.visit_at) if letter.visit_at else "",
        f"^{escaped(letter.reason)}" if letter.reason else "",
        second,
    )  # fmt: skip


def _prd(role: str, side: Side) -> str:
    ward = escaped(side.department)
    house = escaped(side.code)
    place = f"{ward}^^^{house}^^^^^{escaped(side.name)}" if side.code else ""
    phone = f"{escaped(side.phone)}^WPN^PH" if side.phone else ""
    return _segment("PRD", role, escaped(side.doctor), "", place, phone)


def _pid(who: Who) -> str:
    numbers = [f"{escaped(who.id)}^^^{AUTHORITY}^PI"] if who.id else []
    numbers += [
        f"{escaped(value)}^^^{escaped(given_by)}^{kind}"
        for value, kind, given_by in who.numbers
    ]
    born = f"{who.born_on:%Y%m%d}" if who.born_on else ""
    sex = {"1": "M", "2": "F"}.get(who.sex, "U")
    phone = f"{escaped(who.phone)}^PRN^PH" if who.phone else ""
    return _segment(
        "PID", "1", "", "~".join(numbers), "", escaped(who.name) or _NAMELESS, "",
        born, sex, "", "", escaped(who.address), "", phone,
    )  # fmt: skip


def _segment(name: str, *fields: str) -> str:
    return "|".join([name, *fields]).rstrip("|")
