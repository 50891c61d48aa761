"""Drafts and releases for the pages, and what a release would change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.choices import values
from yilian.foundation.access.scope import find
from yilian.insurance.policy import policies
from yilian.insurance.policy.models import ParameterDraft, ParameterSetVersion
from yilian.insurance.policy.ports import settled_days
from yilian.insurance.policy.queries.parameters import (
    heads,
    spans_with_sets,
    version,
)
from yilian.insurance.policy.rules import releases
from yilian.insurance.policy.rules.drafting import (
    DRAFT_STATE_NAMES,
    OPEN,
    DraftState,
)
from yilian.insurance.policy.rules.files import read_set
from yilian.insurance.policy.rules.releases import Span
from yilian.insurance.policy.rules.sets import ParameterSet
from yilian.kernel.errors import NotFound
from yilian.registry.directory.models import PractitionerRole

MOST_SHOWN: Final = 100


def visible_drafts(actor: Actor) -> QuerySet[ParameterDraft]:
    """Of the bureau's area: what lies in it, and what it lies in."""
    rows = ParameterDraft.objects.all()
    if not policies.can_see_drafts(actor) or not actor.area_code:
        return rows.none()
    around = [actor.area_code[:length] for length in range(2, len(actor.area_code))]
    lies_in = Q(area_code__startswith=actor.area_code)
    return rows.filter(lies_in | Q(area_code__in=around))


def visible_versions(actor: Actor) -> QuerySet[ParameterSetVersion]:
    """What was released is public."""
    rows = ParameterSetVersion.objects.all()
    return rows if policies.can_read(actor) else rows.none()


@dataclass(frozen=True, slots=True)
class VersionLine:
    id: UUID
    number: int
    set_id: str
    version: str
    title: str
    area_code: str
    source: str
    span: Span | None  # the days on which it holds; None: others stand before it
    effective_from: date
    is_correction: bool
    correction_reason: str
    drafted_by: str
    drafted_at: datetime
    reviewed_by: str
    reviewed_at: datetime
    released_by: str
    released_at: datetime

    @property
    def name(self) -> str:
        return f"{self.set_id} v{self.version}"

    def is_in_force(self, day: date) -> bool:
        span = self.span
        return span is not None and span.start <= day and not _is_over(span, day)


def _is_over(span: Span, day: date) -> bool:
    return span.end is not None and span.end <= day


@dataclass(frozen=True, slots=True)
class DraftLine:
    id: UUID
    set_id: str
    version: str
    title: str
    area_code: str
    source: str
    effective_from: date
    state: DraftState
    revision: int
    based_on_id: UUID | None
    released_as_id: UUID | None
    drafted_by: str
    drafted_at: datetime
    reviewed_by: str
    reviewed_at: datetime | None
    rejected_by: str
    rejected_because: str
    may_edit: bool
    may_review: bool
    may_release: bool
    may_reject: bool

    @property
    def name(self) -> str:
        return f"{self.set_id} v{self.version}"

    @property
    def state_name(self) -> str:
        return DRAFT_STATE_NAMES[self.state]


def version_lines(actor: Actor) -> list[VersionLine]:
    """The newest releases first."""
    rows = list(visible_versions(actor).defer("document").order_by("-number"))
    return _version_lines(rows[:MOST_SHOWN])


def version_line(actor: Actor, version_id: UUID) -> VersionLine:
    row = find(visible_versions(actor).defer("document"), version_id)
    return _version_lines([row])[0]


def draft_lines(actor: Actor) -> list[DraftLine]:
    """Those still on the way first, then the latest."""
    rows = visible_drafts(actor).exclude(state=DraftState.RELEASED.value)
    newest = rows.defer("document").order_by("-drafted_at")[:MOST_SHOWN]
    lines = _draft_lines(actor, list(newest))
    return sorted(lines, key=lambda line: line.state not in OPEN)


def draft_of(actor: Actor, draft_id: UUID) -> tuple[DraftLine, ParameterSet]:
    row = find(visible_drafts(actor), draft_id)
    return _draft_lines(actor, [row])[0], read_set(row.document)


def awaiting(actor: Actor) -> int:
    """Drafts on which this person may take the next step of somebody else's."""
    rows = visible_drafts(actor).filter(state__in=values(OPEN))
    return sum(
        policies.can_decide(actor, area, drafted_by=author)
        for area, author in rows.values_list("area_code", "drafted_by_id")
    )


def anything(actor: Actor, some_id: UUID) -> tuple[str, ParameterSet]:
    """A release or a draft by its id, with the name under which it is compared."""
    if visible_versions(actor).filter(pk=some_id).exists():
        found = version(some_id)
        return f"{found.id} v{found.version}", found
    row = visible_drafts(actor).filter(pk=some_id).first()
    if row is None:
        raise NotFound
    return f"{row.set_id} v{row.version}", read_set(row.document)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a release would do: the days with other values, up to the next release of
    the area, and how many settlements rest on them."""

    span: Span
    changed: Sequence[Span]
    settled: int


def foresee(area_code: str, effective_from: date, new: ParameterSet) -> Foreseen:
    known = heads(area_code)
    later = [
        head.effective_from
        for head in known
        if head.area_code == area_code and head.effective_from > effective_from
    ]
    span = Span(effective_from, min(later, default=None))
    before = spans_with_sets(known, area_code)
    changed = releases.changed_spans(before, new, span)
    settled = settled_days().count(area_code, changed) if changed and before else 0
    return Foreseen(span, changed, settled)


def names_of(accounts: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """Who an account is at work."""
    wanted = {one for one in accounts if one}
    posts = PractitionerRole.objects.filter(account_id__in=wanted)
    pairs = posts.values_list("account_id", "practitioner__name")
    return {account: name for account, name in pairs if account}


def _version_lines(rows: Sequence[ParameterSetVersion]) -> list[VersionLine]:
    held = {
        head.id: span
        for area in {row.area_code for row in rows}
        for span, head in releases.spans(heads(area), area)
        if head.area_code == area
    }
    people = names_of(
        one
        for row in rows
        for one in (row.drafted_by_id, row.reviewed_by_id, row.released_by_id)
    )
    return [
        VersionLine(
            id=row.id,
            number=row.number,
            set_id=row.set_id,
            version=row.version,
            title=row.title,
            area_code=row.area_code,
            source=row.source,
            span=held.get(row.id),
            effective_from=row.effective_from,
            is_correction=row.is_correction,
            correction_reason=row.correction_reason,
            drafted_by=people.get(row.drafted_by_id, ""),
            drafted_at=row.drafted_at,
            reviewed_by=people.get(row.reviewed_by_id, ""),
            reviewed_at=row.reviewed_at,
            released_by=people.get(row.released_by_id, ""),
            released_at=row.released_at,
        )
        for row in rows
    ]


def _draft_lines(actor: Actor, rows: Sequence[ParameterDraft]) -> list[DraftLine]:
    people = names_of(
        one
        for row in rows
        for one in (row.drafted_by_id, row.reviewed_by_id, row.rejected_by_id)
    )
    return [_draft_line(actor, row, people) for row in rows]


def _draft_line(
    actor: Actor, row: ParameterDraft, people: Mapping[UUID, str]
) -> DraftLine:
    state = DraftState(row.state)
    author = row.drafted_by_id
    decides = policies.can_decide(actor, row.area_code, drafted_by=author)
    return DraftLine(
        id=row.id,
        set_id=row.set_id,
        version=row.version,
        title=row.title,
        area_code=row.area_code,
        source=row.source,
        effective_from=row.effective_from,
        state=state,
        revision=row.revision,
        based_on_id=row.based_on_id,
        released_as_id=row.released_as_id,
        drafted_by=people.get(author, ""),
        drafted_at=row.drafted_at,
        reviewed_by=people.get(row.reviewed_by_id, "") if row.reviewed_by_id else "",
        reviewed_at=row.reviewed_at,
        rejected_by=people.get(row.rejected_by_id, "") if row.rejected_by_id else "",
        rejected_because=row.rejected_because,
        may_edit=state is DraftState.DRAFT
        and policies.can_edit(actor, drafted_by=author),
        may_review=state is DraftState.DRAFT and decides,
        may_release=state is DraftState.REVIEWED and decides,
        may_reject=state in OPEN
        and policies.can_reject(actor, row.area_code, drafted_by=author),
    )
