"""A hand-over begun from the record, and what the rules say of going up or down.

It only begins: whoever writes the referral reads it, changes it and answers for it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext

from yilian.care.referral.rules.handover import LONGEST, SECTIONS
from yilian.foundation.access.actor import Actor
from yilian.kernel import calendar
from yilian.kernel.text import _
from yilian.kernel.tier import Direction
from yilian.record import fhir
from yilian.record.advice.evaluate import evaluate
from yilian.record.advice.rules import Advice, Outcome
from yilian.record.queries import Summary, facts_for_advice, summary
from yilian.registry.directory.models import PractitionerRole

_MOST_LINES: Final = 20
# Vital signs, by what they are called in the record, belong to the examination.
_VITAL_SIGNS: Final = frozenset(
    {"8480-6", "8462-4", "85354-9", "8867-4", "8310-5", "9279-1", "59408-5", "2708-6"}
)


def content(actor: Actor, person_id: UUID, way: Direction) -> dict[str, str]:
    """By section of the hand-over; sections of which nothing is known are left out."""
    known = summary(actor, person_id)
    writers = _DOWN if way is Direction.DOWN else _UP
    found = {key: write(known) for key, write in writers.items()}
    if way is Direction.DOWN:
        found["upper_contact"] = _contact(actor)
    keys = {section.key for section in SECTIONS[way]}
    return {key: text[:LONGEST] for key, text in found.items() if text and key in keys}


def advice(actor: Actor, person_id: UUID) -> list[Advice]:
    """What the rules of the actor's tier say: those that fire, then the unknown."""
    day = calendar.local_day(timezone.now())
    said = evaluate(facts_for_advice(actor, person_id), on=day, tier=actor.tier)
    told = [one for one in said if one.applies and one.outcome is not Outcome.NOT]
    return sorted(told, key=lambda one: one.outcome is not Outcome.FIRES)


def _history(known: Summary) -> str:
    """Problems with since when; allergies, which nobody may overlook."""
    problems = [_problem(one) for one in known.problems if one.is_active]
    allergies = [one.name for one in known.allergies]
    if allergies:
        names = gettext("、").join(allergies)
        problems.append(gettext(_("过敏：{names}")).format(names=names))
    return _lines(problems)


def _exam(known: Summary) -> str:
    return _lines(_result(one) for one in known.results if _is_vital(one))


def _results(known: Summary) -> str:
    return _lines(_result(one) for one in known.results if not _is_vital(one))


def _drugs(known: Summary) -> str:
    current = [one for one in known.drugs if one.is_current]
    return _lines(f"{one.name} {one.dosage} {_until(one.end)}" for one in current)


def _discharge(known: Summary) -> str:
    """What the stay was for; how it went is for the doctor to write."""
    stays = [visit for visit in known.encounters if visit.is_stay and visit.reason]
    return _lines(f"{_day(_local(visit))} {visit.reason}" for visit in stays[:1])


_UP: Final[Mapping[str, Callable[[Summary], str]]] = {
    "history": _history,
    "exam": _exam,
    "results": _results,
    "treatment": _drugs,
}
_DOWN: Final[Mapping[str, Callable[[Summary], str]]] = {
    "discharge_summary": _discharge,
    "drugs": _drugs,
}


def _contact(actor: Actor) -> str:
    """Whoever writes is whom the lower doctor will call."""
    if actor.post_id is None:
        return ""
    post = (
        PractitionerRole.objects.select_related(
            "practitioner", "department", "institution"
        )
        .filter(pk=actor.post_id)
        .first()
    )
    if post is None:
        return ""
    ward, house = post.department, post.institution
    phone = (ward.phone if ward else "") or post.practitioner.phone
    parts = (
        post.practitioner.name,
        ward.name if ward else "",
        phone or house.referral_phone or house.phone,
    )
    return " ".join(filter(None, parts))


def _problem(one: fhir.Problem) -> str:
    if one.since is None:
        return one.name
    words = gettext(_("{name}（{since}起）"))
    return words.format(name=one.name, since=_day(one.since))


def _result(one: fhir.Result) -> str:
    value = f"{one.value} {one.unit}" if one.value is not None else one.words
    on = _day(calendar.local_day(one.at)) if one.at else ""
    return f"{one.name} {value.strip()} {on}"


def _until(end: date | None) -> str:
    return gettext(_("用到 {day}")).format(day=_day(end)) if end else ""


def _is_vital(one: fhir.Result) -> bool:
    return one.key.partition("|")[0] in _VITAL_SIGNS


def _local(visit: fhir.Visit) -> date | None:
    return calendar.local_day(visit.start) if visit.start else None


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _lines(parts: Iterable[str]) -> str:
    tidy = [" ".join(part.split()) for part in parts]
    return "\n".join([part for part in tidy if part][:_MOST_LINES])
