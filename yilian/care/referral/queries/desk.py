"""Work lists: the receiving desk, what was sent, and one row of either."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.db.models import (
    Avg,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    Value,
)
from django.utils import timezone

from yilian.care.referral import policies
from yilian.care.referral.models import Breach, FollowUp, Referral, ReferralQuerySet
from yilian.care.referral.models_order import StandsIn
from yilian.care.referral.queries.actions import ActionLine, actions
from yilian.care.referral.queries.order import PAGE, spots
from yilian.care.referral.queries.rows import (
    WITH_NAMES,
    is_at_house,
    with_names,
)
from yilian.care.referral.rules.clocks import is_overdue
from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import (
    COMING,
    FINAL,
    OPEN,
    PRESENT,
    STATE_NAMES,
    WAITING,
    State,
)
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.choices import values
from yilian.foundation.access.composed import ComposedValues
from yilian.kernel.errors import NotFound
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.text import _
from yilian.registry.directory.rules import SPECIALTY_NAMES
from yilian.registry.population.queries.cards import PersonCard, cards

RECENT: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    words: str
    states: frozenset[State]


RECEIVED: Final = (
    Tab("waiting", _("待应答"), WAITING | {State.CANCEL_REQUESTED}),
    Tab("coming", _("待到诊"), COMING | {State.NO_SHOW}),
    Tab("here", _("在诊治"), PRESENT),
    Tab("feedback", _("待反馈"), frozenset({State.FEEDBACK_DUE})),
    Tab("done", _("已办结"), FINAL),
)
RETURNED: Final = frozenset({State.DECLINED, State.REDIRECTED, State.EXPIRED})
SENT: Final = (
    Tab("open", _("待办"), frozenset({State.DRAFT, State.INFO_REQUESTED})),
    Tab("waiting", _("等待应答"), frozenset({State.SUBMITTED, State.CANCEL_REQUESTED})),
    Tab("coming", _("已接收"), COMING | {State.NO_SHOW}),
    Tab("here", _("已到诊"), PRESENT | {State.FEEDBACK_DUE}),
    Tab("returned", _("退回"), RETURNED),
    Tab("done", _("已完成"), FINAL - RETURNED),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HopLine:
    """One referral in a list, as this actor may see it."""

    id: UUID
    number: str
    state: State
    state_name: str
    urgency: Urgency
    direction: str
    person: PersonCard | None
    person_id: UUID
    from_name: str
    from_tier: str | None
    to_name: str
    to_tier: str | None
    department: str
    specialty: str
    is_readable: bool
    diagnosis: str
    complaint: str
    reason: str
    is_green_lane: bool
    has_agreement: bool
    rule_ids: tuple[str, ...]
    deadline: datetime | None
    clock_words: str
    is_paused: bool
    is_overdue: bool
    submitted_at: datetime | None
    visit_at: datetime | None
    closed_at: datetime | None
    assigned_to: str
    actions: tuple[ActionLine, ...]
    revision: int


def received(actor: Actor, tab: Tab, cursor: str | None = None) -> Page[HopLine]:
    return _page(actor, "to", tab, cursor)


def sent(actor: Actor, tab: Tab, cursor: str | None = None) -> Page[HopLine]:
    return _page(actor, "from", tab, cursor)


def expected(
    actor: Actor, person_id: UUID | None = None, most: int = 12
) -> list[HopLine]:
    """Who is to come to this institution, the soonest visit first; of one person
    when it is asked of them. One more than `most` says that there are others."""
    rows = Referral.objects.visible_to(actor).filter(
        to_institution=actor.institution_id,
        state__in=values(COMING | {State.NO_SHOW}),
    )
    if person_id is not None:
        rows = rows.filter(person=person_id)
    rows = rows.order_by(F("visit_at").asc(nulls_last=True), "submitted_at", "pk")
    return lines(actor, list(with_names(rows)[: most + 1]))


def of_person(actor: Actor, person_id: UUID, most: int = 20) -> list[HopLine]:
    """The hops of a person that this actor may know of, newest first."""
    rows = Referral.objects.visible_to(actor).filter(person=person_id)
    return lines(actor, list(with_names(rows).order_by("-created_at")[:most]))


def line(actor: Actor, referral_id: UUID) -> HopLine | None:
    try:
        found = WITH_NAMES.of(actor, referral_id)
    except NotFound:
        return None
    return lines(actor, [found])[0]


def line_of(actor: Actor, row: Referral) -> HopLine | None:
    """Of a row held just now: read again only where it lacks a name."""
    is_whole = row.to_department_id is None and row.assigned_to_id is None
    if not (is_whole and is_at_house(actor)):
        return line(actor, row.id)
    return lines(actor, [row])[0]


def tab_named(tabs: tuple[Tab, ...], key: str) -> Tab:
    return next((tab for tab in tabs if tab.key == key), tabs[0])


def counts(actor: Actor, tabs: tuple[Tab, ...], side: str) -> Mapping[str, int]:
    """How many in each tab (the closed ones: of the last 90 days).

    Asked by state, and apart by the day of closing: each way has its index.
    """
    wanted = frozenset[State]().union(*(tab.states for tab in tabs))
    found = _by_state(actor, side, wanted & OPEN)
    if wanted & FINAL:
        since = timezone.now() - RECENT
        found |= _by_state(actor, side, wanted & FINAL, since=since)
    return {tab.key: sum(found.get(s, 0) for s in tab.states) for tab in tabs}


def _by_state(
    actor: Actor, side: str, states: frozenset[State], **since: datetime
) -> dict[str, int]:
    if is_at_house(actor):
        asked = _composed_counts(side, states)
        return dict(asked.ask(here=actor.institution_id, **since))
    rows = Referral.objects.visible_to(actor)
    return dict(_counted(rows, side, states, actor.institution_id, **since))


@cache
def _composed_counts(side: str, states: frozenset[State]) -> ComposedValues:
    """Open ones are asked without a day, closed ones with it: one shape for each."""

    def make(here: Any, **since: Any) -> Any:
        rows = Referral.objects.on_side(side, here)
        return _counted(rows, side, states, here, **since)

    return ComposedValues(make)


def _counted(
    rows: ReferralQuerySet,
    side: str,
    states: frozenset[State],
    here: Any,
    since: Any = None,
) -> Any:
    mine = rows.filter(StandsIn(states), **{f"{side}_institution": here})
    if since is not None:
        mine = mine.filter(closed_at__gte=since)
    return mine.order_by().values_list("state").annotate(many=Count("*"))


def waiting_count(actor: Actor) -> int:
    return counts(actor, RECEIVED[:1], "to")["waiting"]


def stat_waiting(actor: Actor) -> int:
    rows = Referral.objects.visible_to(actor).filter(
        to_institution=actor.institution_id,
        state=State.SUBMITTED.value,
        urgency=Urgency.STAT.value,
    )
    return rows.count()


@dataclass(frozen=True, slots=True)
class DeskFacts:
    """The line under the heading of the desk."""

    overdue: int
    accepted_today: int
    mean_minutes: int | None


def at_desk(
    actor: Actor, tabs: tuple[Tab, ...], start_of_day: datetime
) -> tuple[Mapping[str, int], DeskFacts]:
    """`counts` of what came here and is open, with those of it that are late; and those
    answered today. Each asked by its own index."""
    here = actor.institution_id
    states = frozenset[State]().union(*(tab.states for tab in tabs))
    late, today = {"now": timezone.now()}, {"start": start_of_day}
    if is_at_house(actor):
        found = _composed_standing(states).ask(here=here, **late)
        [(accepted, mean)] = _ANSWERED.ask(here=here, **today) or [(0, None)]
    else:
        rows = Referral.objects.visible_to(actor).filter(to_institution=here)
        found = list(_standing(rows, states, **late))
        [(accepted, mean)] = list(_answered(rows, **today)) or [(0, None)]
    many = {state: count for state, count, _late in found}
    counted = {tab.key: sum(many.get(s, 0) for s in tab.states) for tab in tabs}
    minutes = round(mean.total_seconds() / 60) if mean else None
    return counted, DeskFacts(sum(late for *_, late in found), accepted, minutes)


@cache
def _composed_standing(states: frozenset[State]) -> ComposedValues:
    def make(here: Any, now: Any) -> Any:
        return _standing(Referral.objects.on_side("to", here), states, now)

    return ComposedValues(make)


def _standing(rows: ReferralQuerySet, states: frozenset[State], now: Any) -> Any:
    is_late = Q(StandsIn([State.SUBMITTED]), answer_due_at__lte=now)
    by_state = rows.filter(StandsIn(states)).order_by().values_list("state")
    return by_state.annotate(
        many=Count("*"), late=Count("answer_due_at", filter=is_late)
    )


def _answered(rows: ReferralQuerySet, start: Any) -> Any:
    took = ExpressionWrapper(
        F("answered_at") - F("submitted_at"), output_field=DurationField()
    )
    found = rows.filter(answered_at__gte=start).order_by().values(all=Value(1))
    return found.annotate(many=Count("*"), mean=Avg(took)).values_list("many", "mean")


_ANSWERED: Final = ComposedValues(
    lambda here, start: _answered(Referral.objects.on_side("to", here), start)
)


def lines(actor: Actor, rows: list[Referral]) -> list[HopLine]:
    """Rows with the persons' cards: two queries, however many rows."""
    return lines_of(actor, rows, cards(actor, {row.person_id for row in rows}))


def lines_of(
    actor: Actor, rows: list[Referral], people: Mapping[UUID, PersonCard]
) -> list[HopLine]:
    """As `lines`, where the cards are known already."""
    now = timezone.now()
    return [_line(actor, row, people.get(row.person_id), now) for row in rows]


def _page(actor: Actor, side: str, tab: Tab, cursor: str | None) -> Page[HopLine]:
    page = spots(actor, side, tab.states, cursor)
    known = by_id(actor, [spot.id for spot in page.lines])
    return Page([known[one.id] for one in page.lines if one.id in known], page.next)


def _line(
    actor: Actor, row: Referral, person: PersonCard | None, now: datetime
) -> HopLine:
    is_readable = policies.can_read_content(actor, row)
    deadline, words = _clock(row)
    target = row.to_institution
    return HopLine(
        id=row.id,
        number=row.number,
        state=State(row.state),
        state_name=STATE_NAMES[State(row.state)],
        urgency=Urgency(row.urgency),
        direction=row.direction,
        person=person,
        person_id=row.person_id,
        from_name=row.from_institution.short_name,
        from_tier=row.from_institution.tier,
        to_name=target.short_name if target else row.outside_name,
        to_tier=target.tier if target else None,
        department=row.to_department.name if row.to_department else "",
        specialty=SPECIALTY_NAMES.get(row.specialty, row.specialty),
        is_readable=is_readable,
        diagnosis=row.diagnosis_name if is_readable else "",
        complaint=row.complaint if is_readable else "",
        reason=row.reason if is_readable else "",
        is_green_lane=row.is_green_lane,
        has_agreement=row.agreement_id is not None,
        rule_ids=tuple(row.rule_ids) if is_readable else (),
        deadline=deadline,
        clock_words=words,
        is_paused=row.paused_at is not None,
        is_overdue=is_overdue(row.answer_due_at, row.paused_at, now)
        and row.state == State.SUBMITTED,
        submitted_at=row.submitted_at,
        visit_at=row.visit_at,
        closed_at=row.closed_at,
        assigned_to=row.assigned_to.practitioner.name if row.assigned_to else "",
        actions=tuple(actions(actor, row)),
        revision=row.revision,
    )


def _clock(row: Referral) -> tuple[datetime | None, str]:
    """The clock that runs in this state, and what it waits for."""
    if row.state == State.SUBMITTED:
        return row.answer_due_at, _("应答时限")
    if row.state == State.INFO_REQUESTED:
        return None, _("等补充资料")
    if row.state in values(COMING | {State.NO_SHOW}):
        return row.visit_at or row.valid_until, _("约定到诊") if row.visit_at else _(
            "有效期"
        )
    if row.state == State.FEEDBACK_DUE:
        return row.feedback_due_at, _("反馈时限")
    return None, STATE_NAMES[State(row.state)]


@dataclass(frozen=True, slots=True)
class BreachLine:
    id: UUID
    referral: HopLine
    clock: str
    due_at: datetime
    met_at: datetime | None
    reason_code: str
    note: str


def breaches(actor: Actor, cursor: str | None = None) -> Page[BreachLine]:
    """Clocks of this institution that ran out, newest first."""
    rows = Breach.objects.filter(institution=actor.institution_id)
    mark = read_mark(cursor)
    if mark is not None:
        rows = rows.filter(Q(due_at__lt=mark.at) | Q(due_at=mark.at, pk__gt=mark.id))
    found = list(rows.order_by("-due_at", "pk")[: PAGE + 1])
    page = cut(found, PAGE, lambda row: Mark(row.due_at, row.pk))
    hops = by_id(actor, {row.referral_id for row in page.lines})
    return Page(
        [
            BreachLine(
                id=row.id,
                referral=hops[row.referral_id],
                clock=row.clock,
                due_at=row.due_at,
                met_at=row.met_at,
                reason_code=row.reason_code,
                note=row.note,
            )
            for row in page.lines
            if row.referral_id in hops
        ],
        page.next,
    )


@dataclass(frozen=True, slots=True)
class FollowUpLine:
    id: UUID
    referral: HopLine
    kind: str
    due_on: date
    is_late: bool


def follow_ups(actor: Actor, today: date, most: int = 60) -> list[FollowUpLine]:
    """What this institution still has to do after a referral, soonest first."""
    rows = FollowUp.objects.filter(institution=actor.institution_id, done_at=None)
    found = list(rows.order_by("due_on", "pk")[:most])
    hops = by_id(actor, {row.referral_id for row in found})
    return [
        FollowUpLine(row.id, hops[row.referral_id], row.kind, row.due_on,
                     row.due_on < today)
        for row in found
        if row.referral_id in hops
    ]  # fmt: skip


def by_id(actor: Actor, ids: Iterable[UUID]) -> dict[UUID, HopLine]:
    """Those of them that this actor may know of."""
    rows = with_names(Referral.objects.visible_to(actor)).filter(pk__in=list(ids))
    return {row.id: row for row in lines(actor, list(rows))}
