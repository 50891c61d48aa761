"""Observations: measured values, and signs that were reported or denied."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from yilian.kernel.text import _
from yilian.record.advice.codes import (
    ARM_DIFFERENCE,
    BY_CODE,
    KETONE_CODES,
    KETONES,
    LOINC,
    SBP,
)
from yilian.record.advice.facts import Measurement, Problem, Sign, Touch
from yilian.record.advice.fhir.bundle import Bundle, Entry
from yilian.record.advice.fhir.values import (
    Moment,
    Resource,
    codings,
    effective,
    first_moment,
    items,
    number,
    part,
    text,
    words,
)
from yilian.record.advice.symptoms import SIGNS, is_ours

UNUSED_STATUS: Final = frozenset({"entered-in-error", "cancelled"})
_PREGNANCY_STATUS: Final = frozenset({"82810-3", "11449-6"})
_LACTATION_STATUS: Final = frozenset({"63895-7"})
_YES: Final = frozenset(
    {"373066001", "LA33-6", "52101004", "10828004", "260373001", "Y", "POS",
     "77386006", "LA15173-0", "413712001"}
)  # fmt: skip
_NO: Final = frozenset(
    {"373067005", "LA32-8", "2667000", "260385009", "260415000", "N", "NEG",
     "60001007", "LA26683-5"}
)  # fmt: skip
_YES_WORDS: Final = frozenset(
    {"yes", "true", "positive", "pos", "present", "+", "++", "+++", "++++",
     "有", "是", "阳性", "pregnant", "妊娠", "breastfeeding", "哺乳"}
)  # fmt: skip
_NO_WORDS: Final = frozenset(
    {"no", "false", "negative", "neg", "absent", "-", "无", "否", "阴性"}
)
_LEFT: Final = frozenset({"368208006"})
_RIGHT: Final = frozenset({"368209003"})


@dataclass
class Observations:
    """Gathers what the Observations of one person say."""

    bundle: Bundle
    measurements: list[Measurement] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _arms: dict[tuple[str, str], Measurement] = field(default_factory=dict)

    def read(self, entry: Entry) -> None:
        resource = entry.resource
        if text(resource, "status") in UNUSED_STATUS:
            return
        encounter = self.bundle.resolve(resource, "encounter")
        when = self._when(resource, encounter)
        if when is None:
            self._reject(entry, _("没有可用的日期"))
            return
        is_laboratory = _is_laboratory(resource)
        self.touches.append(Touch(when.at, when.day, encounter, is_laboratory))
        for piece in (resource, *items(resource, "component")):
            self._read_piece(entry, piece, when, encounter)

    def _when(self, resource: Resource, encounter: str | None) -> Moment | None:
        found = effective(resource) or first_moment(text(resource, "issued"))
        visit = self.bundle.find(encounter) if found is None and encounter else None
        if visit is None:
            return found
        return first_moment(text(part(visit.resource, "period"), "start"))

    def _read_piece(
        self, entry: Entry, piece: Resource, when: Moment, encounter: str | None
    ) -> None:
        for coding in codings(part(piece, "code")):
            if is_ours(coding.system) and coding.code not in BY_CODE:
                self._read_sign(entry, piece, coding.code, when, encounter)
                return
            is_loinc = coding.system in {LOINC, ""} or is_ours(coding.system)
            if is_loinc and coding.code in BY_CODE:
                self._read_number(entry, piece, coding.code, when, encounter)
                return
            sign = _sign_of_loinc(coding.code) if is_loinc else ""
            if sign:
                self._read_status(entry, piece, sign, when, encounter)
                return
        for coding in codings(part(piece, "valueCodeableConcept")):
            if is_ours(coding.system) and coding.code in SIGNS:
                self._add_sign(entry, coding.code, True, when, encounter)

    def _read_number(
        self,
        entry: Entry,
        piece: Resource,
        code: str,
        when: Moment,
        encounter: str | None,
    ) -> None:
        analyte = BY_CODE[code]
        if not any(key.startswith("value") for key in piece):
            return  # not measured; the visit itself is remembered
        quantity = part(piece, "valueQuantity")
        value = number(quantity.get("value"))
        if value is None:
            self._reject(entry, _("值不是数字"))
            return
        converted = analyte.convert(value, text(quantity, "code") or "?")
        if converted is None:
            converted = analyte.convert(value, text(quantity, "unit") or "?")
        if converted is None:
            self._reject(entry, _("单位缺失或不认识"))
            return
        if not analyte.is_possible(converted):
            self._reject(entry, _("数值不可能"))
            return
        comparator = text(quantity, "comparator")
        found = Measurement(
            analyte.code, converted, when.at, when.day, entry.ref, encounter, comparator
        )
        self.measurements.append(found)
        if analyte.code == SBP:
            self._compare_arms(entry, found)

    def _compare_arms(self, entry: Entry, found: Measurement) -> None:
        """Keep the difference when both arms were measured at one contact."""
        side = _arm(part(entry.resource, "bodySite"))
        if not side:
            return
        visit = found.encounter or str(found.day)
        self._arms[visit, side] = found
        other = self._arms.get((visit, "right" if side == "left" else "left"))
        if other is None:
            return
        gap = abs(found.value - other.value)
        self.measurements.append(
            Measurement(
                ARM_DIFFERENCE, gap, found.at, found.day, found.ref, found.encounter
            )
        )

    def _read_sign(
        self,
        entry: Entry,
        piece: Resource,
        code: str,
        when: Moment,
        encounter: str | None,
    ) -> None:
        if code not in SIGNS:
            self._reject(entry, _("不认识的症状代码"))
            return
        if piece.get("dataAbsentReason"):
            return  # not asked, which is not a denial
        has_value = any(key.startswith("value") for key in piece)
        present = _truth(piece) if has_value else True
        self._add_sign(entry, code, present, when, encounter)

    def _read_status(
        self,
        entry: Entry,
        piece: Resource,
        sign: str,
        when: Moment,
        encounter: str | None,
    ) -> None:
        if any(key.startswith("value") for key in piece):
            self._add_sign(entry, sign, _truth(piece), when, encounter)

    def _add_sign(
        self,
        entry: Entry,
        code: str,
        present: bool | None,
        when: Moment,
        encounter: str | None,
    ) -> None:
        if present is None:
            self._reject(entry, _("不能判断有还是无"))
            return
        self.signs.append(Sign(code, present, when.at, when.day, entry.ref, encounter))

    def _reject(self, entry: Entry, reason: str) -> None:
        self.problems.append(Problem(entry.ref, reason))


def _is_laboratory(resource: Resource) -> bool:
    found = {c.code for item in items(resource, "category") for c in codings(item)}
    return bool(found) and found <= {"laboratory", "imaging", "procedure"}


def _sign_of_loinc(code: str) -> str:
    if code in KETONE_CODES:
        return KETONES
    if code in _PREGNANCY_STATUS:
        return "pregnant"
    return "lactating" if code in _LACTATION_STATUS else ""


def _truth(piece: Resource) -> bool | None:
    """Whether a coded, worded, boolean or numeric value says yes."""
    said = piece.get("valueBoolean")
    if isinstance(said, bool):
        return said
    quantity = number(part(piece, "valueQuantity").get("value"))
    if quantity is not None:
        return quantity > Decimal(0)
    return _yes_or_no(list(_said(piece)))


def _said(piece: Resource) -> Iterator[str]:
    concept = part(piece, "valueCodeableConcept")
    yield from (coding.code for coding in codings(concept))
    yield from (words(concept), text(concept, "text"), text(piece, "valueString"))


def _yes_or_no(said: list[str]) -> bool | None:
    if any(word in _NO or word.casefold() in _NO_WORDS for word in said):
        return False
    if any(word in _YES or word.casefold() in _YES_WORDS for word in said):
        return True
    return None


def _arm(site: Resource) -> str:
    found = {coding.code for coding in codings(site)}
    said = words(site).casefold()
    if found & _LEFT or "left" in said or "左" in said:
        return "left"
    return "right" if found & _RIGHT or "right" in said or "右" in said else ""
