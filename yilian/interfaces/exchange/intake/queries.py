"""Lists of messages and feeds, and what a desk needs to decide on one message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Q

from yilian.foundation.access.actor import Actor
from yilian.interfaces.exchange.hl7v2.referral import ReferralFacts
from yilian.interfaces.exchange.intake import policies
from yilian.interfaces.exchange.intake.mended import Mended
from yilian.interfaces.exchange.intake.models import (
    CodeMeaning,
    Feed,
    Received,
    ReceivedQuerySet,
)
from yilian.interfaces.exchange.intake.persons import find_person, person_name
from yilian.interfaces.exchange.intake.rules import (
    MEANING_NAMES,
    OPEN,
    REPLAYABLE,
    Meaning,
    Problem,
    State,
    problem_of,
)
from yilian.interfaces.exchange.intake.settling import Settled, settle
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.registry.directory.queries import today
from yilian.registry.population.queries import PersonCard, cards
from yilian.registry.population.rules import LIKENESS_NAMES

SIZE: Final = 30
_ONLY_WHEN_SENT: Final = frozenset({"outside_reason", "skip_reason"})
TABS: Final = ("open", "done", "refused")
_STATES: Final = {
    "open": OPEN,
    "done": frozenset({State.DONE, State.SET_ASIDE}),
    "refused": frozenset({State.REFUSED}),
}


@dataclass(frozen=True, slots=True)
class MessageLine:
    id: UUID
    kind: str
    feed: str
    source: str
    target: str
    state: State
    problems: Sequence[Problem]
    received_at: datetime
    number: str
    referral_id: UUID | None
    referral_number: str
    note: str
    revision: int
    can_mend: bool
    can_replay: bool
    waits_for: UUID | None
    followers: int


@dataclass(frozen=True, slots=True)
class Candidate:
    card: PersonCard
    why: Sequence[str]


@dataclass(frozen=True, slots=True)
class Offer:
    """What the message says now, as it would be sent, and who may be meant."""

    settled: Settled
    name: str
    candidates: Sequence[Candidate]
    chosen: PersonCard | None


@dataclass(frozen=True, slots=True)
class FeedLine:
    id: UUID
    name: str
    institution: str
    sender: str
    kinds: Sequence[str]
    charset: str
    addresses: Sequence[str]
    has_secret: bool
    starts_on: date
    ends_on: date | None
    is_in_force: bool
    waiting: int
    total: int


@dataclass(frozen=True, slots=True)
class MeaningLine:
    id: UUID
    meaning: str
    code: str
    stands_for: str


def messages(actor: Actor, tab: str, cursor: str | None) -> Page[MessageLine]:
    """Newest first; what still waits has a tab of its own."""
    states = [state.value for state in _STATES.get(tab, OPEN)]
    rows = Received.objects.visible_to(actor).filter(state__in=states)
    mark = read_mark(cursor)
    if mark:
        older = Q(received_at__lt=mark.at) | Q(received_at=mark.at, id__lt=mark.id)
        rows = rows.filter(older)
    newest = _with_all(rows).order_by("-received_at", "-id")[: SIZE + 1]
    page = cut(list(newest), SIZE, lambda row: Mark(row.received_at, row.id))
    return page.each(lambda row: message_line(actor, row))


def counts(actor: Actor) -> dict[str, int]:
    rows = Received.objects.visible_to(actor)
    by_tab = {
        tab: Count("pk", filter=Q(state__in=[state.value for state in states]))
        for tab, states in _STATES.items()
    }
    return {tab: int(count) for tab, count in rows.aggregate(**by_tab).items()}


def message_line(actor: Actor, row: Received) -> MessageLine:
    state = State(row.state)
    can_mend = policies.can_mend(actor, row)
    return MessageLine(
        id=row.id,
        kind=row.kind,
        feed=row.feed.name,
        source=row.feed.institution.short_name,
        target=row.to_institution.short_name if row.to_institution else "",
        state=state,
        problems=problems_of(row),
        received_at=row.received_at,
        number=row.foreign_number,
        referral_id=row.referral_id,
        referral_number=row.referral.number if row.referral else "",
        note=row.note,
        revision=row.revision,
        can_mend=can_mend,
        can_replay=can_mend and state in REPLAYABLE,
        waits_for=row.behind_id,
        followers=row.after.filter(state=State.BEHIND.value).count(),
    )


def problems_of(row: Received) -> list[Problem]:
    return [problem_of(kept) for kept in row.problems]


def problems_now(row: Received, settled: Settled) -> Sequence[Problem]:
    """Codes may have been mapped since; what only sending brings to light stays."""
    if State(row.state) is not State.WAITING:
        return problems_of(row)
    kept = [one for one in problems_of(row) if one.field in _ONLY_WHEN_SENT]
    return [*settled.problems, *kept]


def message_row(actor: Actor, message_id: UUID) -> Received | None:
    rows = _with_all(Received.objects.visible_to(actor))
    return rows.filter(pk=message_id).first()


def offer(actor: Actor, row: Received, facts: ReferralFacts, mended: Mended) -> Offer:
    settled = settle(row.feed, facts, mended)
    # Also when somebody was chosen: one may have chosen wrongly.
    likely = () if settled.person_id else find_person(row.feed, facts.patient).likely
    shown = cards(actor, [one.person_id for one in likely])
    candidates = [
        Candidate(
            shown[one.person_id], [LIKENESS_NAMES[why] for why in sorted(one.likeness)]
        )
        for one in likely
        if one.person_id in shown
    ]
    chosen = None
    if settled.person_id:
        chosen = cards(actor, [settled.person_id]).get(settled.person_id)
    return Offer(settled, person_name(facts.patient), candidates, chosen)


def feeds(actor: Actor) -> list[FeedLine]:
    rows = Feed.objects.visible_to(actor).select_related("institution")
    is_open = Q(messages__state__in=[state.value for state in OPEN])
    counted = rows.annotate(
        waiting=Count("messages", filter=is_open), total=Count("messages")
    )
    return [feed_line(row) for row in counted.order_by("institution__pinyin", "name")]


def feed_line(row: Feed) -> FeedLine:
    day = today()
    ends_on = row.period.upper
    is_begun = row.period.lower is not None and row.period.lower <= day
    return FeedLine(
        id=row.id,
        name=row.name,
        institution=row.institution.short_name,
        sender=f"{row.application} / {row.facility}",
        kinds=row.kinds,
        charset=row.charset,
        addresses=row.addresses,
        has_secret=bool(row.secret_index),
        starts_on=row.period.lower,
        ends_on=ends_on,
        is_in_force=is_begun and (ends_on is None or day < ends_on),
        waiting=getattr(row, "waiting", 0),
        total=getattr(row, "total", 0),
    )


def meanings(feed: Feed) -> list[MeaningLine]:
    rows = CodeMeaning.objects.filter(feed=feed).select_related(
        "institution", "department__institution", "post__practitioner"
    )
    return [
        MeaningLine(
            row.id, MEANING_NAMES[Meaning(row.meaning)], row.code, _stands_for(row)
        )
        for row in rows.order_by("meaning", "code")
    ]


def _stands_for(row: CodeMeaning) -> str:
    if row.department is not None:
        return f"{row.department.institution.short_name} {row.department.name}"
    if row.institution is not None:
        return str(row.institution.short_name)
    if row.post is not None:
        return str(row.post.practitioner.name)
    return row.diagnosis_code


def _with_all(rows: ReceivedQuerySet) -> ReceivedQuerySet:
    return rows.select_related("feed__institution", "to_institution", "referral")
