"""The members of one consortium by rung, and who may become one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q

from yilian.kernel.tier import ORDER, Tier
from yilian.registry.consortium.models import Consortium, Membership
from yilian.registry.consortium.queries.agreements import (
    AgreementLine,
    referral_lines,
)
from yilian.registry.consortium.rules import (
    WITH_LANES,
    Candidate,
    Form,
    MemberRole,
    Obstacle,
    Tie,
    Tightness,
    lead_obstacle,
    member_obstacle,
)
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.queries import InstitutionLine, line_of
from yilian.registry.directory.rules import InstitutionKind, Level, Sponsor


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One member with what it has agreed with the lead."""

    id: UUID
    institution: InstitutionLine
    department: str
    role: MemberRole
    tie: Tie
    tightness: Tightness
    is_territorial: bool
    remark: Obstacle | None
    referral: AgreementLine | None
    needs_referral_agreement: bool

    @property
    def lacks_lane(self) -> bool:
        """缺少双向转诊协议 (NX-2.2.4-a): said, and never a bar (decisions 24)."""
        if not self.needs_referral_agreement:
            return False
        return self.referral is None or not self.referral.opens_lane


@dataclass(frozen=True, slots=True)
class MemberGroup:
    """The members on one rung of the ladder; None for those outside it."""

    tier: Tier | None
    members: Sequence[MemberLine]

    @property
    def lacking(self) -> int:
        return sum(line.lacks_lane for line in self.members)


def missing_lanes(groups: Sequence[MemberGroup]) -> int:
    return sum(group.lacking for group in groups)


def member_groups(consortium: Consortium, day: date) -> list[MemberGroup]:
    """By rung, the highest first, as the ladder stands (NX-2.1.3-d)."""
    rows = list(
        Membership.objects.on(day)
        .filter(consortium=consortium)
        .select_related("institution", "department")
        .order_by("role", "institution__code", "department__name")
    )
    strong = _strong(row.institution_id for row in rows)
    agreed = referral_lines([row.institution_id for row in rows], day)
    form = Form(consortium.form)
    grouped: dict[Tier | None, list[MemberLine]] = {}
    for row in rows:
        line = _member_line(form, row, strong, agreed)
        grouped.setdefault(line.institution.tier, []).append(line)
    by_rung = sorted(
        grouped, key=lambda tier: -1 if tier is None else ORDER[tier], reverse=True
    )
    return [MemberGroup(tier, grouped[tier]) for tier in by_rung]


def _member_line(
    form: Form,
    row: Membership,
    strong: set[UUID],
    agreed: dict[UUID, AgreementLine],
) -> MemberLine:
    institution = line_of(row.institution)
    return MemberLine(
        id=row.pk,
        institution=institution,
        department=row.department.name if row.department else "",
        role=MemberRole(row.role),
        tie=Tie(row.tie),
        tightness=Tightness(row.tightness),
        is_territorial=row.is_territorial,
        remark=_remark(form, row, is_strong=row.institution_id in strong),
        referral=agreed.get(row.institution_id),
        needs_referral_agreement=_needs_lane(form, row),
    )


def _needs_lane(form: Form, row: Membership) -> bool:
    """Somebody to whom or from whom patients go within this form."""
    is_member = row.role == MemberRole.MEMBER.value
    return form in WITH_LANES and is_member and row.institution.tier is not None


def _remark(form: Form, row: Membership, *, is_strong: bool) -> Obstacle | None:
    ask = member_obstacle if row.role == MemberRole.MEMBER.value else lead_obstacle
    return ask(form, candidate_of(row.institution, row.department, is_strong=is_strong))


def candidate_of(
    institution: Institution, department: Department | None, *, is_strong: bool
) -> Candidate:
    return Candidate(
        kind=InstitutionKind(institution.kind),
        level=Level(institution.level),
        sponsor=Sponsor(institution.sponsor),
        has_strong_specialty=is_strong,
        brings_department=department is not None,
    )


def has_strong_specialty(institution_id: UUID) -> bool:
    return bool(_strong([institution_id]))


def _strong(ids: Iterable[UUID]) -> set[UUID]:
    """Institutions with a key specialty or a quality or treatment centre."""
    flags = Q(is_national_key=True) | Q(is_regional_key=True)
    flags |= Q(hosts_quality_centre=True) | Q(hosts_treatment_centre=True)
    found = Department.objects.filter(flags, institution__in=set(ids))
    return set(found.values_list("institution_id", flat=True))
