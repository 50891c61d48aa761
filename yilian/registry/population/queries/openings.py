"""Break-glass openings, for those who review them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.kernel.areas import short
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.registry.directory.models import Institution
from yilian.registry.population.models import BreakGlass
from yilian.registry.population.queries.cards import PersonCard, cards
from yilian.registry.population.rules import BREAK_GLASS_REASONS, REVIEWERS

SIZE = 20


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """One opening, with the person masked: a reviewer judges the act."""

    id: UUID
    card: PersonCard
    account_name: str
    institution: str
    reason_code: str
    reason: str
    opened_at: datetime
    reviewed_at: datetime | None
    is_justified: bool | None
    review_note: str
    is_own: bool

    @property
    def reason_words(self) -> str:
        return BREAK_GLASS_REASONS.get(self.reason_code, "")

    @property
    def days_waiting(self) -> int:
        return (timezone.now() - self.opened_at).days


def reviewable(actor: Actor) -> QuerySet[BreakGlass]:
    """Those of the reviewer's house; of an authority, those of its whole area."""
    if not actor.has(*REVIEWERS):
        return BreakGlass.objects.none()
    if not actor.is_authority or actor.institution_id is None:
        return BreakGlass.objects.filter(institution=actor.institution_id)
    area = Institution.objects.values_list("area_code", flat=True)
    code = short(area.get(pk=actor.institution_id))
    return BreakGlass.objects.filter(institution__area_code__startswith=code)


def openings(
    actor: Actor, *, only_waiting: bool = True, cursor: str | None = None
) -> Page[OpeningLine]:
    """The longest waiting first; of the reviewed the latest first."""
    rows = reviewable(actor).select_related("institution")
    rows = rows.filter(reviewed_at__isnull=only_waiting)
    mark = read_mark(cursor)
    if only_waiting:
        rows = rows.order_by("opened_at", "id")
        rows = rows.filter(opened_at__gt=mark.at) if mark else rows
    else:
        rows = rows.order_by("-opened_at", "-id")
        rows = rows.filter(opened_at__lt=mark.at) if mark else rows
    page = cut(list(rows[: SIZE + 1]), SIZE, lambda row: Mark(row.opened_at, row.id))
    shown = cards(actor, [row.person_id for row in page.lines])
    return page.each(lambda row: _line(actor, row, shown[row.person_id]))


def count_waiting(actor: Actor) -> int:
    return reviewable(actor).filter(reviewed_at=None).count()


def _line(actor: Actor, row: BreakGlass, card: PersonCard) -> OpeningLine:
    return OpeningLine(
        id=row.id,
        card=card,
        account_name=row.account_name,
        institution=row.institution.short_name,
        reason_code=row.reason_code,
        reason=row.reason,
        opened_at=row.opened_at,
        reviewed_at=row.reviewed_at,
        is_justified=row.is_justified,
        review_note=row.review_note,
        is_own=row.account_id == actor.account_id,
    )
