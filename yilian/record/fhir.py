"""Resources as lines that people read. Pure mapping: no queries, no saving.

What is written in Chinese is shown in Chinese; a foreign code keeps its own words.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from yilian.kernel.calendar import local_day
from yilian.kernel.text import _
from yilian.record.advice.codes import BY_CODE
from yilian.record.rules.moments import span_of

Body = Mapping[str, Any]

_HAN: Final = re.compile("[\u4e00-\u9fff]")
_OUR_FILE: Final = re.compile(
    r"/referrals/attachments/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
_ENDED: Final = frozenset({"resolved", "remission", "inactive"})
_NO_DRUG: Final = frozenset({"entered-in-error", "draft", "cancelled", "not-taken"})
_CURRENT: Final = frozenset({"active", "on-hold", "intended"})
_IN_ERROR: Final = "entered-in-error"
_UNUSED: Final = frozenset({"entered-in-error", "cancelled"})
_STAYS: Final = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "SS"})
_HIGH: Final = frozenset({"H", "HH", "HU", ">"})
_LOW: Final = frozenset({"L", "LL", "LU", "<"})
_CRITICAL: Final = frozenset({"HH", "LL", "AA"})


@dataclass(frozen=True, slots=True)
class Problem:
    ref: str
    name: str
    code: str
    since: date | None
    ended_on: date | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Drug:
    ref: str
    name: str
    dosage: str
    start: date | None
    end: date | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class Allergy:
    ref: str
    name: str
    reaction: str
    is_severe: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One value. `flag`: "", "high", "low" or "abnormal"."""

    ref: str
    key: str
    name: str
    value: Decimal | None
    words: str
    unit: str
    low: Decimal | None
    high: Decimal | None
    flag: str
    is_critical: bool
    at: datetime | None

    @property
    def range_words(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.low}–{self.high}"
        if self.high is not None:
            return f"≤ {self.high}"
        return f"≥ {self.low}" if self.low is not None else ""


@dataclass(frozen=True, slots=True)
class Document:
    ref: str
    title: str
    kind: str
    at: datetime | None
    href: str = ""  # where its file is opened, if it is one of ours


@dataclass(frozen=True, slots=True)
class Visit:
    ref: str
    kind: str
    reason: str
    department: str
    start: datetime | None
    end: datetime | None
    is_stay: bool
    is_open: bool
    provider_id: str


@dataclass(frozen=True, slots=True)
class Hop:
    """A referral as the record shows it: from one institution to another."""

    ref: str
    reason: str
    from_id: str
    to_id: str
    left: datetime | None
    reached: datetime | None


def words_of(concept: Any) -> str:
    """Chinese first, then the text, then a display, then the bare code."""
    if not isinstance(concept, dict):
        return ""
    text = concept.get("text")
    if isinstance(text, str) and _HAN.search(text):
        return text
    codings = _mappings(concept.get("coding"))
    texts = [text, *(c.get("display") for c in codings)]
    said = [text for text in texts if isinstance(text, str) and text.strip()]
    chinese = next((text for text in said if _HAN.search(text)), "")
    codes = [c["code"] for c in codings if isinstance(c.get("code"), str)]
    return chinese or next(iter(said), "") or next(iter(codes), "")


def code_of(concept: Any, system: str = "") -> str:
    """The first code, or that of the system."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in _mappings(codings):
        if isinstance(coding.get("code"), str) and system in {"", coding.get("system")}:
            return str(coding["code"])
    return ""


def problem(body: Body) -> Problem | None:
    if code_of(body.get("verificationStatus")) in {_IN_ERROR, "refuted"}:
        return None
    ended_on = _day(body, "abatementDateTime", "abatementPeriod")
    is_over = code_of(body.get("clinicalStatus")) in _ENDED
    return Problem(
        ref=_ref(body),
        name=words_of(body.get("code")),
        code=code_of(body.get("code")),
        since=_day(body, "onsetDateTime", "onsetPeriod", "recordedDate"),
        ended_on=ended_on,
        is_active=not is_over and ended_on is None,
    )


def drug(body: Body) -> Drug | None:
    status = body.get("status")
    if status in _NO_DRUG:
        return None
    bounds = _bounds(body)
    dosages = _mappings(body.get("dosageInstruction") or body.get("dosage"))
    start = span_of(bounds.get("start") or body.get("authoredOn")).start
    return Drug(
        ref=_ref(body),
        name=_drug_name(body),
        dosage="；".join(str(d["text"]) for d in dosages if d.get("text")),
        start=local_day(start) if start else _day(body, "effectiveDateTime"),
        end=_day(bounds, "end"),
        is_current=status in _CURRENT,
    )


def allergy(body: Body) -> Allergy | None:
    is_off = code_of(body.get("clinicalStatus")) in _ENDED
    if is_off or code_of(body.get("verificationStatus")) in {_IN_ERROR, "refuted"}:
        return None
    reactions = [
        words_of(sign)
        for reaction in _mappings(body.get("reaction"))
        for sign in _mappings(reaction.get("manifestation"))
    ]
    return Allergy(
        _ref(body),
        words_of(body.get("code")),
        "、".join(filter(None, reactions)),
        body.get("criticality") == "high",
    )


def results(body: Body) -> Iterator[Result]:
    """One line a value: a panel such as blood pressure gives several."""
    if body.get("status") in _UNUSED:
        return
    at = span_of(body.get("effectiveDateTime") or body.get("effectivePeriod")).start
    at = at or span_of(body.get("issued")).start
    for part in (body, *_mappings(body.get("component"))):
        found = _result(body, part, at)
        if found is not None:
            yield found


def document(body: Body) -> Document | None:
    if body.get("status") == _IN_ERROR:
        return None
    contents = _mappings(body.get("content"))
    titles = [c["attachment"].get("title") for c in contents if c.get("attachment")]
    kind = words_of(body.get("type") or body.get("code"))
    title = body.get("description") or body.get("title") or next(iter(titles), "")
    when = span_of(
        body.get("date") or body.get("effectiveDateTime") or body.get("issued")
    )
    hrefs = [href_of(c.get("attachment")) for c in contents]
    return Document(
        _ref(body),
        str(title or kind),
        kind if title else "",
        when.start,
        next(filter(None, hrefs), ""),
    )


def href_of(attachment: Any) -> str:
    """An address of this house and of one file; whatever else stands there is text."""
    url = attachment.get("url") if isinstance(attachment, Mapping) else None
    return url if isinstance(url, str) and _OUR_FILE.fullmatch(url) else ""


def visit(body: Body) -> Visit | None:
    if body.get("status") in _UNUSED:
        return None
    kind = body.get("class") or {}
    code = kind.get("code", "")
    reasons = [words_of(one) for one in _mappings(body.get("reasonCode"))]
    types = _mappings(body.get("type"))
    period = body.get("period") or {}
    end = span_of(period.get("end")).start
    display = str(kind.get("display") or "")
    return Visit(
        ref=_ref(body),
        kind=display or CLASS_NAMES.get(code, str(code)),
        reason="、".join(filter(None, reasons)) or words_of(next(iter(types), None)),
        department=words_of(body.get("serviceType")),
        start=span_of(period.get("start")).start,
        end=end,
        is_stay=code in _STAYS,
        is_open=end is None and body.get("status") != "finished",
        provider_id=target_id(body.get("serviceProvider"), "Organization"),
    )


def hop(body: Body) -> Hop | None:
    codes = {code_of(one) for one in _mappings(body.get("category"))}
    if PATIENT_REFERRAL not in codes or body.get("status") in {"revoked", _IN_ERROR}:
        return None
    performers = _mappings(body.get("performer"))
    left = span_of(body.get("authoredOn")).start
    reasons = [words_of(one) for one in _mappings(body.get("reasonCode"))]
    return Hop(
        ref=_ref(body),
        reason="、".join(filter(None, reasons)),
        from_id=target_id(body.get("requester"), "Organization"),
        to_id=target_id(next(iter(performers), None), "Organization"),
        left=left,
        reached=span_of(body.get("occurrenceDateTime")).start or left,
    )


PATIENT_REFERRAL: Final = "3457005"
# HL7 ActEncounterCode → the words of the house (kept as received when unknown).
CLASS_NAMES: Final[Mapping[str, str]] = {
    "AMB": _("门诊"),
    "IMP": _("住院"),
    "ACUTE": _("住院"),
    "NONAC": _("住院"),
    "EMER": _("急诊"),
    "HH": _("上门"),
    "VR": _("远程"),
    "FLD": _("出诊"),
    "OBSENC": _("留观"),
    "SS": _("短期住院"),
}


def target_id(reference: Any, type_name: str) -> str:
    said = reference.get("reference") if isinstance(reference, dict) else None
    prefix = f"{type_name}/"
    if isinstance(said, str) and said.startswith(prefix):
        return said.removeprefix(prefix)
    return ""


def _result(body: Body, part: Body, at: datetime | None) -> Result | None:
    quantity = part.get("valueQuantity")
    value = _decimal((quantity or {}).get("value"))
    words = _plain_value(part)
    if value is None and not words:
        return None
    low, high = _limits(part)
    codes = {code_of(one) for one in _mappings(part.get("interpretation"))}
    concept = part.get("code") or body.get("code")
    unit = (quantity or {}).get("unit") or (quantity or {}).get("code") or ""
    return Result(
        ref=_ref(body),
        key=f"{code_of(concept) or words_of(concept)}|{unit}",
        name=_name_of_result(concept),
        value=value,
        words=words or str(value),
        unit=str(unit),
        low=low,
        high=high,
        flag=_flag(codes, value, low, high),
        is_critical=bool(codes & _CRITICAL),
        at=at,
    )


def _name_of_result(concept: Any) -> str:
    """In Chinese where we know the code, with its own words behind."""
    said, code = words_of(concept), code_of(concept)
    known = BY_CODE.get(code)
    if known is None or _HAN.search(said):
        return said
    return known.name if said in {"", code} else f"{known.name}（{said}）"


def _flag(
    codes: set[str], value: Decimal | None, low: Decimal | None, high: Decimal | None
) -> str:
    """What the laboratory says; without its word, what the range says."""
    if codes & _HIGH or (not codes and None not in (value, high) and value > high):  # type: ignore[operator]
        return "high"
    if codes & _LOW or (not codes and None not in (value, low) and value < low):  # type: ignore[operator]
        return "low"
    return "abnormal" if codes & {"A", "AA", "POS", "DET"} else ""


def _limits(part: Body) -> tuple[Decimal | None, Decimal | None]:
    for limits in _mappings(part.get("referenceRange")):
        low = _decimal((limits.get("low") or {}).get("value"))
        high = _decimal((limits.get("high") or {}).get("value"))
        if low is not None or high is not None:
            return low, high
    return None, None


def _plain_value(part: Body) -> str:
    if "valueCodeableConcept" in part:
        return words_of(part["valueCodeableConcept"])
    if isinstance(part.get("valueBoolean"), bool):
        return _("是") if part["valueBoolean"] else _("否")
    said = part.get("valueString", part.get("valueInteger"))
    return "" if said is None else str(said)[:200]


def _bounds(body: Body) -> Mapping[str, Any]:
    for dosage in _mappings(body.get("dosageInstruction")):
        found = ((dosage.get("timing") or {}).get("repeat") or {}).get("boundsPeriod")
        if isinstance(found, Mapping):
            return found
    return body.get("effectivePeriod") or {}


def _drug_name(body: Body) -> str:
    said = words_of(body.get("medicationCodeableConcept"))
    return said or str((body.get("medicationReference") or {}).get("display") or "")


def _day(body: Body, *names: str) -> date | None:
    for name in names:
        start = span_of(body.get(name)).start
        if start is not None:
            return local_day(start)
    return None


def _decimal(value: Any) -> Decimal | None:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return Decimal(str(value)) if is_number else None


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value or () if isinstance(one, dict)]


def _ref(body: Body) -> str:
    return f"{body['resourceType']}/{body['id']}"
