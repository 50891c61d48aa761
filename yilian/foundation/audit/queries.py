"""The trail as lines that people read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from yilian.foundation.access.actor import Actor
from yilian.foundation.audit.models import AuditEntry
from yilian.foundation.audit.ports import institution_names
from yilian.foundation.audit.rules import (
    OUTCOME_NAMES,
    Outcome,
    action_words,
    ground_words,
    role_words,
)
from yilian.kernel.calendar import start_of_day
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.text import Text

SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for; empty fields do not narrow."""

    since: date | None = None
    until: date | None = None  # this day included
    actor: str = ""
    action: str = ""
    person_id: UUID | None = None
    institution_id: UUID | None = None
    outcome: str = ""
    only_break_glass: bool = False


@dataclass(frozen=True, slots=True)
class EntryLine:
    entry: AuditEntry
    institution: str

    @property
    def action(self) -> Text:
        return action_words(self.entry.action)

    @property
    def outcome(self) -> str:
        return OUTCOME_NAMES[Outcome(self.entry.outcome)]

    @property
    def ground(self) -> str:
        return ground_words(self.entry.ground)

    @property
    def roles(self) -> list[str]:
        return role_words(self.entry.roles)

    @property
    def persons(self) -> list[UUID]:
        one = [self.entry.person_id] if self.entry.person_id else []
        return one or list(self.entry.person_ids)

    @property
    def is_listed(self) -> bool:
        """The person stood in a list that was shown, not on a page of their own."""
        return self.entry.person_id is None


def search(
    actor: Actor, wanted: Wanted, *, cursor: str | None = None
) -> Page[EntryLine]:
    rows = _narrowed(actor, wanted)
    return _page(_from(rows, cursor))


def each(actor: Actor, wanted: Wanted, *, most: int) -> Iterator[EntryLine]:
    """All lines for an export, newest first."""
    rows = list(_narrowed(actor, wanted).order_by("-at", "-id")[:most])
    yield from _lines(rows)


def who_looked(actor: Actor, *, cursor: str | None = None) -> Page[EntryLine]:
    """What others did with the records of the resident, newest first.

    Two questions, each with an index of its own, and merged: rows about a person,
    and lists in which the person stood.
    """
    persons = list(actor.person_ids)
    done = AuditEntry.objects.visible_to(actor).filter(outcome=Outcome.DONE)
    others = done.exclude(account_id=actor.account_id)
    about = _from(others.filter(person_id__in=persons), cursor)
    listed = others.filter(~Q(person_ids=[]), person_ids__overlap=persons)
    both = {row.id: row for row in [*about, *_from(listed, cursor)]}
    newest = sorted(both.values(), key=lambda row: (row.at, row.id), reverse=True)
    return _page(newest[: SIZE + 1])


def _narrowed(actor: Actor, wanted: Wanted) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.visible_to(actor)
    for condition in _conditions(wanted):
        rows = rows.filter(condition)
    return rows


def _conditions(wanted: Wanted) -> Iterator[Q]:
    yield from _between(wanted.since, wanted.until)
    if wanted.actor:
        yield _by(wanted.actor)
    if wanted.action:
        yield Q(action=wanted.action) | Q(action__startswith=f"{wanted.action}.")
    if wanted.person_id:
        yield _about(wanted.person_id)
    if wanted.institution_id:
        yield Q(institution_id=wanted.institution_id)
    if wanted.outcome:
        yield Q(outcome=wanted.outcome)
    if wanted.only_break_glass:
        yield Q(is_break_glass=True)


def _between(since: date | None, until: date | None) -> Iterator[Q]:
    if since:
        yield Q(at__gte=start_of_day(since))
    if until and until < date.max:
        yield Q(at__lt=start_of_day(until + timedelta(days=1)))


def _about(person_id: UUID) -> Q:
    listed = Q(person_ids__overlap=[person_id]) & ~Q(person_ids=[])
    return Q(person_id=person_id) | listed


def _by(actor: str) -> Q:
    try:
        return Q(account_id=UUID(actor))
    except ValueError:
        return Q(actor_name=actor)


def _from(rows: QuerySet[AuditEntry], cursor: str | None) -> QuerySet[AuditEntry]:
    mark = read_mark(cursor)
    if mark:
        rows = rows.filter(Q(at__lt=mark.at) | Q(at=mark.at, id__lt=mark.id))
        rows = rows.filter(at__lte=mark.at)  # what the index understands
    return rows.order_by("-at", "-id")[: SIZE + 1]


def _page(rows: Iterable[AuditEntry]) -> Page[EntryLine]:
    shown = cut(list(rows), SIZE, lambda row: Mark(_moment(row), row.id))
    return Page(_lines(shown.lines), shown.next)


def _moment(row: AuditEntry) -> datetime:
    return row.at


def _lines(rows: Iterable[AuditEntry]) -> list[EntryLine]:
    rows = list(rows)
    names = institution_names(row.institution_id for row in rows)
    return [
        EntryLine(row, names.get(row.institution_id, "") if row.institution_id else "")
        for row in rows
    ]
