"""The list of consortia."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q

from yilian.kernel.clause import Clause
from yilian.registry.consortium.models import Consortium
from yilian.registry.consortium.rules import FORM_CLAUSES, Form
from yilian.registry.directory.rules import Sponsor


@dataclass(frozen=True, slots=True)
class ConsortiumCard:
    """A consortium in the list, with how many belong to it today."""

    id: UUID
    code: str
    alias: str
    form: Form
    governing_authority: str
    area_code: str
    members: int
    social_members: int
    is_own: bool

    @property
    def because(self) -> Clause:
        return FORM_CLAUSES[self.form]


def consortium_cards(
    day: date, *, form: str = "", area_code: str = "", own: Iterable[UUID] = ()
) -> list[ConsortiumCard]:
    """All that exist on the day; there are few dozens of them in a region."""
    here = Q(memberships__period__contains=day)
    social = here & Q(memberships__institution__sponsor=Sponsor.SOCIAL)
    distinct = "memberships__institution"
    rows = Consortium.objects.open_on(day).select_related("governing_authority")
    if form:
        rows = rows.filter(form=form)
    if area_code:
        rows = rows.filter(area_code__startswith=area_code)
    rows = rows.annotate(
        members=Count(distinct, filter=here, distinct=True),
        social=Count(distinct, filter=social, distinct=True),
    )
    mine = set(own)
    return [
        ConsortiumCard(
            id=row.pk,
            code=row.code,
            alias=row.alias,
            form=Form(row.form),
            governing_authority=row.governing_authority.short_name,
            area_code=row.area_code,
            members=getattr(row, "members"),  # noqa: B009
            social_members=getattr(row, "social"),  # noqa: B009
            is_own=row.pk in mine,
        )
        for row in rows.order_by("form", "code")
    ]
