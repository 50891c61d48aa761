"""Drugs that are taken, and reactions to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from yilian.record.advice import drugs
from yilian.record.advice.facts import Drug, Sign
from yilian.record.advice.fhir.bundle import Bundle, Entry
from yilian.record.advice.fhir.values import (
    Resource,
    codings,
    day,
    effective,
    first_code,
    first_moment,
    items,
    part,
    text,
    words,
)

MEDICATION: Final = ("MedicationRequest", "MedicationStatement")
REACTION: Final = ("AdverseEvent", "AllergyIntolerance")

_UNUSED: Final = frozenset(
    {"entered-in-error", "cancelled", "draft", "not-taken", "unknown", "intended"}
)
_NOT_ORDERED: Final = frozenset({"proposal", "plan", "option"})


@dataclass
class Treatment:
    bundle: Bundle
    drugs: list[Drug] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)

    def read_drug(self, entry: Entry) -> None:
        resource = entry.resource
        status = text(resource, "status") or "active"
        if status in _UNUSED or text(resource, "intent") in _NOT_ORDERED:
            return
        concept = self._concept(resource, "medication")
        period = part(resource, "effectivePeriod")
        start, end = _bounds(resource)
        self.drugs.append(
            Drug(
                classes=_classes(concept),
                name=_drug_key(concept),
                ref=entry.ref,
                is_active=status == "active",
                start=start or day(text(period, "start")) or _authored(resource),
                end=end or day(text(period, "end")),
                dosage=_dosage(resource),
            )
        )

    def read_reaction(self, entry: Entry) -> None:
        """A reaction to a drug that our rules are about."""
        resource = entry.resource
        if first_code(resource, "verificationStatus") in {
            "entered-in-error",
            "refuted",
        }:
            return
        when = first_moment(
            text(resource, "date"),
            text(resource, "lastOccurrence"),
            text(resource, "recordedDate"),
            text(resource, "detected"),
        )
        if when is None or not self._concerns_our_drugs(entry):
            return
        encounter = self.bundle.resolve(resource, "encounter")
        sign = Sign(
            "adverse_reaction", True, when.at, when.day, entry.ref, encounter,
            is_loose=True,
        )  # fmt: skip
        self.signs.append(sign)

    def _concerns_our_drugs(self, entry: Entry) -> bool:
        resource = entry.resource
        if entry.type == "AllergyIntolerance":
            return bool(_classes(part(resource, "code")))
        if text(resource, "actuality") == "potential":
            return False
        suspects = list(items(resource, "suspectEntity"))
        return not suspects or any(self._is_our_drug(item) for item in suspects)

    def _is_our_drug(self, suspect: Resource) -> bool:
        reference = text(part(suspect, "instance"), "reference")
        found = self.bundle.find(reference)
        if found is None:
            return False
        if found.type == "Medication":
            return bool(_classes(part(found.resource, "code")))
        return bool(_classes(self._concept(found.resource, "medication")))

    def _concept(self, resource: Resource, key: str) -> Resource:
        """A concept given in place, by reference, or contained."""
        concept = part(resource, f"{key}CodeableConcept")
        if concept:
            return concept
        reference = part(resource, f"{key}Reference")
        name = text(reference, "reference")
        for inner in items(resource, "contained"):
            if name == f"#{text(inner, 'id')}":
                return part(inner, "code")
        found = self.bundle.find(name)
        if found is not None:
            return part(found.resource, "code")
        return {"text": text(reference, "display")}


def _classes(concept: Resource) -> frozenset[str]:
    by_code = [
        drugs.classes_by_atc(coding.code)
        for coding in codings(concept)
        if "atc" in coding.system.casefold()
    ]
    return frozenset().union(*by_code) or drugs.classes_by_name(words(concept))


def _drug_key(concept: Resource) -> str:
    found = codings(concept)
    return (found[0].code if found else "") or text(concept, "text").casefold()


def _bounds(resource: Resource) -> tuple[date | None, date | None]:
    for instruction in _instructions(resource):
        repeat = part(part(instruction, "timing"), "repeat")
        bounds = part(repeat, "boundsPeriod")
        if bounds:
            return day(text(bounds, "start")), day(text(bounds, "end"))
    return None, None


def _instructions(resource: Resource) -> list[Resource]:
    return [*items(resource, "dosageInstruction"), *items(resource, "dosage")]


def _authored(resource: Resource) -> date | None:
    when = effective(resource) or first_moment(
        text(resource, "authoredOn"), text(resource, "dateAsserted")
    )
    return when.day if when else None


def _dosage(resource: Resource) -> str:
    """What is to be taken, in a form that can be compared."""
    return " | ".join(
        text(item, "text")
        or _plain(item.get("doseAndRate")) + _plain(item.get("timing"))
        for item in _instructions(resource)
    )


def _plain(value: object) -> str:
    """Doses and frequency without the period, which changes with each refill."""
    if isinstance(value, Mapping):
        kept = sorted(
            (k, v) for k, v in value.items() if k not in {"boundsPeriod", "event"}
        )
        return ",".join(f"{key}={_plain(inner)}" for key, inner in kept)
    if isinstance(value, list):
        return ";".join(_plain(inner) for inner in value)
    return "" if value is None else str(value)
