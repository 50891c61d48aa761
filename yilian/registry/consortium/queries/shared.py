"""Which consortia institutions are in, and which they share."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from yilian.foundation.access.composed import Composed
from yilian.kernel.clause import Clause
from yilian.registry.consortium.models import Membership
from yilian.registry.consortium.rules import (
    FORM_CLAUSES,
    Form,
    MemberRole,
    Tie,
    Tightness,
)


@dataclass(frozen=True, slots=True)
class ConsortiumLine:
    """A consortium as one institution stands in it."""

    id: UUID
    code: str
    alias: str
    form: Form
    role: MemberRole
    tie: Tie
    tightness: Tightness
    is_territorial: bool
    department_id: UUID | None
    department: str

    @property
    def because(self) -> Clause:
        return FORM_CLAUSES[self.form]


def consortia_of(institution_id: UUID, day: date) -> list[ConsortiumLine]:
    return consortia_of_many([institution_id], day).get(institution_id, [])


def consortia_of_many(
    ids: Iterable[UUID], day: date
) -> dict[UUID, list[ConsortiumLine]]:
    """A whole institution in a consortium stands before its departments."""
    found: dict[UUID, list[ConsortiumLine]] = {}
    for row in _memberships(day).filter(institution__in=set(ids)):
        found.setdefault(row.institution_id, []).append(_consortium_line(row))
    return found


def shared_consortia(
    one_id: UUID, other_ids: Iterable[UUID], day: date
) -> dict[UUID, list[ConsortiumLine]]:
    """By the other institution: the consortia both are in, as the other stands
    there. The telemedicine network is a consortium too (NX-2.1.5-a)."""
    own = Membership.objects.on(day).filter(institution=one_id)
    found: dict[UUID, list[ConsortiumLine]] = {}
    rows = _memberships(day).filter(
        consortium__in=own.values("consortium"),
        institution__in=set(other_ids) - {one_id},
    )
    for row in rows:
        found.setdefault(row.institution_id, []).append(_consortium_line(row))
    return found


def patient_consortia(
    one_id: UUID, other_ids: Iterable[UUID], day: date
) -> dict[UUID, list[ConsortiumLine]]:
    """As `shared_consortia`, without the telemedicine network: it joins every house
    of the region and carries words and pictures, so being in it does not make a
    referral one inside a consortium (NX-2.2.4-c)."""
    shared = shared_consortia(one_id, other_ids, day)
    narrowed = {
        other: [line for line in lines if line.form is not Form.TELEMEDICINE_NETWORK]
        for other, lines in shared.items()
    }
    return {other: lines for other, lines in narrowed.items() if lines}


def share_patients(one_id: UUID, other_id: UUID, day: date) -> bool:
    """Whether `patient_consortia` names any for the two."""
    if one_id == other_id:
        return False
    return bool(_SHARED.ask(one=one_id, other=other_id, day=day))


def _shared(one: Any, other: Any, day: Any) -> QuerySet[Membership]:
    own = Membership.objects.on(day).filter(institution=one).values("consortium")
    both = Membership.objects.on(day).filter(institution=other, consortium__in=own)
    return both.exclude(consortium__form=Form.TELEMEDICINE_NETWORK.value)[:1]


_SHARED: Final = Composed(_shared)
_CLOSE: Final = tuple(
    form.value
    for form in (Form.COUNTY_CONSORTIUM, Form.CITY_CONSORTIUM, Form.HOSPITAL_GROUP)
)


def leading(institution_id: UUID, day: date) -> list[UUID]:
    """The institutions that lead the consortia it works in day by day: none for one
    that leads itself. Alliances and networks lead nobody's house."""
    close = Membership.objects.on(day).filter(consortium__form__in=_CLOSE)
    own = close.filter(institution=institution_id)
    leads = close.filter(consortium__in=own.values("consortium"))
    leads = leads.exclude(role=MemberRole.MEMBER.value).order_by("pk")
    found = list(leads.values_list("institution_id", flat=True))
    return [] if institution_id in found else found


def fellow_members(consortium_ids: Iterable[UUID], day: date) -> list[UUID]:
    """Every institution of these consortia."""
    rows = Membership.objects.on(day).filter(consortium__in=set(consortium_ids))
    return list(rows.values_list("institution_id", flat=True).distinct())


def _memberships(day: date) -> QuerySet[Membership]:
    rows = Membership.objects.on(day).select_related("consortium", "department")
    return rows.order_by("consortium__code", "department__name", "pk")


def _consortium_line(row: Membership) -> ConsortiumLine:
    return ConsortiumLine(
        id=row.consortium.pk,
        code=row.consortium.code,
        alias=row.consortium.alias,
        form=Form(row.consortium.form),
        role=MemberRole(row.role),
        tie=Tie(row.tie),
        tightness=Tightness(row.tightness),
        is_territorial=row.is_territorial,
        department_id=row.department_id,
        department=row.department.name if row.department else "",
    )
