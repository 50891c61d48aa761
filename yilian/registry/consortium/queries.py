"""Which consortia two institutions share, and what they have agreed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet

from yilian.foundation.access.composed import Composed
from yilian.kernel.clause import Clause
from yilian.kernel.tier import ORDER, Tier
from yilian.registry.consortium.models import (
    Agreement,
    AgreementParty,
    Consortium,
    Membership,
)
from yilian.registry.consortium.rules import (
    FORM_CLAUSES,
    OPENS_LANE,
    WITH_LANES,
    AgreementKind,
    Candidate,
    Form,
    MemberRole,
    Obstacle,
    SignatureState,
    Standing,
    Tie,
    Tightness,
    lead_obstacle,
    member_obstacle,
    standing,
)
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.queries import InstitutionLine, line_of
from yilian.registry.directory.rules import InstitutionKind, Level, Sponsor

REFERRAL = AgreementKind.REFERRAL.value


# --- for referral -------------------------------------------------------------


def agreement_between(one_id: UUID, other_id: UUID, day: date) -> Agreement | None:
    """The referral agreement in force; with several, the one that lasts longest."""
    found = Agreement.objects.in_force(day).between(one_id, other_id)
    return found.filter(kind=REFERRAL).order_by(*_LONGEST_FIRST).first()


def agreements_for(
    from_id: UUID, to_ids: Iterable[UUID], day: date
) -> dict[UUID, Agreement]:
    """By the other party: those with whom a referral agreement is in force."""
    others = set(to_ids) - {from_id}
    signed = AgreementParty.objects.filter(
        agreement__in=Agreement.objects.in_force(day).filter(
            kind=REFERRAL, parties__institution=from_id
        ),
        institution__in=others,
    ).select_related("agreement")
    ordered = signed.order_by(*(f"agreement__{name}" for name in _SHORTEST_FIRST))
    return {party.institution_id: party.agreement for party in ordered}


_SHORTEST_FIRST = ("validity__endswith", "pk")
_LONGEST_FIRST = ("-validity__endswith", "-pk")


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


# --- for pages ----------------------------------------------------------------


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
    referral: "AgreementLine | None"
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


@dataclass(frozen=True, slots=True)
class PartyLine:
    institution_id: UUID
    name: str
    signed_on: date | None
    signed_by: str


@dataclass(frozen=True, slots=True)
class AgreementLine:
    id: UUID
    number: str
    title: str
    kind: AgreementKind
    state: SignatureState
    start: date
    end: date | None  # the first day on which it no longer holds
    ended_on: date | None
    end_reason: str
    standing: Standing
    days_left: int | None
    parties: Sequence[PartyLine]
    consortium_id: UUID | None
    consortium: str

    @property
    def last_day(self) -> date | None:
        """As people say it: the last day on which it still holds."""
        return self.end - timedelta(days=1) if self.end else None

    @property
    def opens_lane(self) -> bool:
        return self.standing in OPENS_LANE

    def is_unsigned_by(self, institution_id: UUID | None) -> bool:
        return any(
            party.institution_id == institution_id and party.signed_on is None
            for party in self.parties
        )


def member_groups(consortium: Consortium, day: date) -> list[MemberGroup]:
    """By rung, the highest first, as the ladder stands (NX-2.1.3-d)."""
    rows = list(
        Membership.objects.on(day)
        .filter(consortium=consortium)
        .select_related("institution", "department")
        .order_by("role", "institution__code", "department__name")
    )
    strong = _strong(row.institution_id for row in rows)
    agreed = _referral_lines([row.institution_id for row in rows], day)
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


def _referral_lines(members: Sequence[UUID], day: date) -> dict[UUID, AgreementLine]:
    """By member: its referral agreement with another member, one in force before
    others. A village clinic agrees with its township, not with the head."""
    inside = set(members)
    rows = _agreements().filter(kind=REFERRAL, parties__institution__in=inside)
    found: dict[UUID, AgreementLine] = {}
    for row in rows.distinct():
        line = _agreement_line(row, day)
        here = [p.institution_id for p in line.parties if p.institution_id in inside]
        for party in here if len(here) > 1 else ():
            known = found.get(party)
            if known is None or (line.opens_lane and not known.opens_lane):
                found[party] = line
    return found


def agreements_of_consortium(consortium_id: UUID, day: date) -> list[AgreementLine]:
    rows = _agreements().filter(consortium=consortium_id)
    return [_agreement_line(row, day) for row in rows]


def agreements_of_institution(institution_id: UUID, day: date) -> list[AgreementLine]:
    rows = _agreements().filter(
        pk__in=AgreementParty.objects.filter(institution=institution_id).values(
            "agreement"
        )
    )
    return [_agreement_line(row, day) for row in rows]


def agreement_line(agreement: Agreement, day: date) -> AgreementLine:
    return _agreement_line(_agreements().get(pk=agreement.pk), day)


def _agreements() -> QuerySet[Agreement]:
    parties = AgreementParty.objects.select_related("institution").order_by(
        "institution__code"
    )
    rows = Agreement.objects.select_related("consortium")
    rows = rows.prefetch_related(Prefetch("parties", queryset=parties))
    return rows.order_by("-validity__endswith", "number")


def _agreement_line(row: Agreement, day: date) -> AgreementLine:
    start, end = row.validity.lower, row.validity.upper
    state = SignatureState(row.state)
    return AgreementLine(
        id=row.pk,
        number=row.number,
        title=row.title,
        kind=AgreementKind(row.kind),
        state=state,
        start=start,
        end=end,
        ended_on=row.ended_on,
        end_reason=row.end_reason,
        standing=standing(state, start, end, day),
        days_left=None if end is None else (end - day).days,
        parties=[
            PartyLine(
                party.institution_id,
                party.institution.short_name,
                party.signed_on,
                party.signed_by,
            )
            for party in row.parties.all()
        ],
        consortium_id=row.consortium_id,
        consortium=row.consortium.alias if row.consortium else "",
    )


def missing_lanes(groups: Sequence[MemberGroup]) -> int:
    return sum(group.lacking for group in groups)
