"""A resident's own referrals and those of whom they stand for, 我的转诊."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from yilian.care.referral.models import Referral, ReferralQuerySet
from yilian.care.referral.rules.handover import FEEDBACKS, SECTIONS, Section
from yilian.care.referral.rules.plain_words import STEPS_TOLD, TOLD, tell
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import COMING, OPEN, State
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.kernel import calendar
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.text import Text
from yilian.kernel.tier import Direction
from yilian.registry.directory.models import Institution
from yilian.registry.directory.rules import SPECIALTY_NAMES
from yilian.registry.population.queries import PersonCard, cards

PAGE: Final = 12


@dataclass(frozen=True, slots=True)
class MyHop:
    id: UUID
    number: str
    person: PersonCard
    urgency: Urgency
    direction: str
    from_name: str
    from_tier: str | None
    from_phone: str
    to_name: str
    to_tier: str | None
    to_phone: str
    department: str
    where: Text
    next: Text
    deadline: datetime | None
    waits_for: str
    is_open: bool
    is_late: bool
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class MyPart:
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class MyStep:
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class MyLetter:
    """The letter as its owner reads it."""

    hop: MyHop
    diagnosis: str
    reason: str
    content: list[MyPart]
    feedback: list[MyPart]
    steps: list[MyStep]


def mine(actor: Actor, now: datetime, cursor: str | None = None) -> Page[MyHop]:
    """Newest first; two queries."""
    rows = _with_names(Referral.objects.visible_to(actor)).filter(
        submitted_at__isnull=False
    )
    mark = read_mark(cursor)
    if mark is not None:
        rows = rows.filter(submitted_at__lte=mark.at).exclude(
            submitted_at=mark.at, pk__gte=mark.id
        )
    found = list(rows.order_by("-submitted_at", "-pk")[: PAGE + 1])
    page = cut(
        found, PAGE, lambda row: Mark(row.submitted_at or row.created_at, row.pk)
    )
    people = cards(actor, {row.person_id for row in page.lines})
    return page.each(lambda row: _line(row, people[row.person_id], now))


def my_letter(actor: Actor, referral_id: UUID, now: datetime) -> MyLetter:
    row = find(_with_names(Referral.objects.visible_to(actor)), referral_id)
    person = cards(actor, [row.person_id])[row.person_id]
    way = Direction(row.direction)
    steps = row.steps.order_by("taken_at", "pk").values_list("taken_at", "step")
    return MyLetter(
        hop=_line(row, person, now),
        diagnosis=row.diagnosis_name,
        reason=row.reason,
        content=_parts(SECTIONS[way], row.content),
        feedback=_parts(FEEDBACKS[way], row.feedback),
        steps=[MyStep(at, STEPS_TOLD.get(step, "")) for at, step in steps],
    )


def _parts(sections: Iterable[Section], written: Mapping[str, str]) -> list[MyPart]:
    filled = [section for section in sections if written.get(section.key)]
    return [MyPart(section.title, written[section.key]) for section in filled]


def _with_names(rows: ReferralQuerySet) -> ReferralQuerySet:
    return rows.select_related("from_institution", "to_institution", "to_department")


def _line(row: Referral, person: PersonCard, now: datetime) -> MyHop:
    state, target = State(row.state), row.to_institution
    place = target.short_name if target else row.outside_name
    deadline = _moment(row, state)
    where, what_next = tell(
        state, place=place, origin=row.from_institution.short_name, when=deadline
    )
    return MyHop(
        id=row.id,
        number=row.number,
        person=person,
        urgency=Urgency(row.urgency),
        direction=row.direction,
        from_name=row.from_institution.short_name,
        from_tier=row.from_institution.tier,
        from_phone=_phone(row.from_institution),
        to_name=place,
        to_tier=target.tier if target else None,
        to_phone=_phone(target),
        department=row.to_department.name
        if row.to_department
        else SPECIALTY_NAMES.get(row.specialty, row.specialty),
        where=where,
        next=what_next,
        deadline=deadline,
        waits_for=TOLD[state].waits_for,
        is_open=state in OPEN,
        is_late=state is State.SUBMITTED and deadline is not None and deadline <= now,
        submitted_at=row.submitted_at,
    )


def _moment(row: Referral, state: State) -> datetime | None:
    """The moment that matters to the patient in this state."""
    if state is State.SUBMITTED:
        return _still_that_day(row.answer_due_at)
    if state in COMING:
        last = row.valid_until if state is State.ACCEPTED else None
        return row.visit_at or _still_that_day(last)
    return None


def _still_that_day(end: datetime | None) -> datetime | None:
    """A limit that is up at midnight is told as the last minute before it."""
    if end is None or end != calendar.start_of_day(calendar.local_day(end)):
        return end
    return end - timedelta(minutes=1)


def _phone(house: Institution | None) -> str:
    return (house.referral_phone or house.phone) if house else ""
