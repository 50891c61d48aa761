"""Founding a consortium, joining and leaving it.

Joining touches nothing of the institution: name, parent and funding channel stay
what they are (NX-2.3-a, NX-5.3-c).
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.idempotency.services import once
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import Text, _
from yilian.registry.consortium import policies
from yilian.registry.consortium.models import Consortium, Membership
from yilian.registry.consortium.queries import candidate_of, has_strong_specialty
from yilian.registry.consortium.rules import (
    Form,
    MemberRole,
    Obstacle,
    Tie,
    Tightness,
    governing_area,
    lead_obstacle,
    member_obstacle,
)
from yilian.registry.directory.models import Department, Institution

ONLY_THE_GOVERNING = _(
    "医联体由主管的卫健部门设立：跨市的和医疗集团由自治区，一市之内的由该市"
    "（NX-5.3-h）。"
)
ONLY_LEADS = _("只有主管部门或牵头单位的医联体办公室可以调整成员（NX-5.3-h）。")


@transaction.atomic
def found_consortium(
    actor: Actor,
    *,
    key: UUID,
    code: str,
    alias: str,
    form: Form,
    area_code: str,
    founded_on: date,
    lead_id: UUID,
    lead_department_id: UUID | None = None,
    tie: Tie = Tie.GROUP_OPERATION,
    tightness: Tightness = Tightness.TIGHT,
    specialties: Sequence[str] = (),
) -> Consortium:
    """With its lead; who governs follows from the form and the area (NX-5.3-h)."""
    lead = find(Institution.objects.open_on(founded_on), lead_id)
    governing = governing_area(form, [area_code, lead.area_code])
    require(policies.can_found(actor, governing), ONLY_THE_GOVERNING)
    authority = find(Institution.objects.all(), actor.institution_id or "")
    consortium = Consortium(
        code=code,
        alias=alias,
        form=form,
        governing_authority=authority,
        area_code=area_code,
        specialties=list(specialties),
        founded_on=founded_on,
    )

    def make() -> UUID:
        _insert(consortium)
        member = Membership(
            consortium=consortium,
            institution=lead,
            department=_department(lead, lead_department_id),
            role=MemberRole.LEAD,
            tie=tie,
            tightness=tightness,
            is_territorial=True,
            period=DateRange(founded_on, None),
        )
        _require_fit(member)
        member.save(force_insert=True)
        _audit(actor, "consortium.found", consortium)
        return consortium.pk

    return Consortium.objects.get(pk=once(actor, key, "consortium", make))


@transaction.atomic
def join(
    actor: Actor,
    *,
    key: UUID,
    consortium_id: UUID,
    institution_id: UUID,
    department_id: UUID | None,
    role: MemberRole,
    tie: Tie,
    tightness: Tightness,
    starts_on: date,
    ends_on: date | None = None,
    is_territorial: bool = False,
) -> Membership:
    consortium = _lock(actor, consortium_id, starts_on)
    institution = find(Institution.objects.open_on(starts_on), institution_id)
    if ends_on is not None and ends_on <= starts_on:
        raise Invalid(fields={"ends_on": _("结束日期须在开始日期之后。")})
    member = Membership(
        consortium=consortium,
        institution=institution,
        department=_department(institution, department_id),
        role=role,
        tie=tie,
        tightness=tightness,
        is_territorial=is_territorial,
        period=DateRange(starts_on, ends_on),
    )

    def make() -> UUID:
        _require_fit(member)
        _require_once(member)
        member.save(force_insert=True)
        _hand_over_governance(consortium)
        _audit(actor, "consortium.join", consortium, institution)
        return member.pk

    return Membership.objects.get(pk=once(actor, key, "membership", make))


@transaction.atomic
def leave(actor: Actor, membership_id: UUID, *, ends_on: date) -> Membership:
    """`ends_on` is the first day on which it is no longer a member."""
    found = find(Membership.objects.select_related("institution"), membership_id)
    consortium = _lock(actor, found.consortium_id, ends_on)
    member = find(Membership.objects.select_for_update(), membership_id)
    if ends_on <= member.period.lower:
        raise Invalid(fields={"ends_on": _("退出日期须在加入日期之后。")})
    if member.period.upper is not None and member.period.upper <= ends_on:
        raise Conflict(_("该成员届时已经退出。"))
    _require_other_lead(member, ends_on)
    member.period = DateRange(member.period.lower, ends_on)
    member.save(update_fields=["period"])
    _audit(actor, "consortium.leave", consortium, found.institution)
    return member


def _lock(actor: Actor, consortium_id: UUID, day: date) -> Consortium:
    """Held, so that two changes of the membership see each other."""
    consortium = find(Consortium.objects.select_for_update(of=("self",)), consortium_id)
    leads = Membership.objects.on(day).leads(consortium_id)
    require(policies.can_change_members(actor, consortium, leads), ONLY_LEADS)
    if consortium.ended_on is not None and consortium.ended_on <= day:
        raise Conflict(_("该医联体已经终止。"))
    return consortium


def _insert(consortium: Consortium) -> None:
    try:
        with transaction.atomic():
            consortium.save(force_insert=True)
    except IntegrityError:
        raise Invalid(fields={"code": _("这个编号已经有医联体使用。")}) from None


def _department(
    institution: Institution, department_id: UUID | None
) -> Department | None:
    if department_id is None:
        return None
    return find(institution.departments.filter(closed_on=None), department_id)


def _require_fit(member: Membership) -> None:
    is_strong = has_strong_specialty(member.institution_id)
    candidate = candidate_of(member.institution, member.department, is_strong=is_strong)
    is_member = member.role == MemberRole.MEMBER
    ask = member_obstacle if is_member else lead_obstacle
    obstacle = ask(Form(member.consortium.form), candidate)
    if obstacle:
        raise Invalid(fields={"institution_id": _said(obstacle)})


def _said(obstacle: Obstacle) -> Text:
    words = {"words": Text(obstacle.words), "clause": obstacle.because.id}
    return Text(_("{words}（{clause}）"), words)


def _require_once(member: Membership) -> None:
    same = Membership.objects.filter(
        consortium=member.consortium,
        institution=member.institution,
        department=member.department,
        period__overlap=member.period,
    )
    if same.exists():
        raise Conflict(_("该机构在这一时期已是成员。"))


def _require_other_lead(member: Membership, day: date) -> None:
    if member.role == MemberRole.MEMBER.value:
        return
    others = Membership.objects.on(day).filter(consortium=member.consortium_id)
    others = others.exclude(role=MemberRole.MEMBER.value).exclude(pk=member.pk)
    if not others.exists():
        raise Conflict(_("牵头单位退出前，请先加入新的牵头单位。"))


def _hand_over_governance(consortium: Consortium) -> None:
    """Once members lie in two cities, the authority above governs (NX-5.3-h)."""
    areas = consortium.memberships.values_list("institution__area_code", flat=True)
    area = governing_area(Form(consortium.form), areas)
    authority = consortium.governing_authority
    if len(area) >= len(authority.area_code):
        return
    if authority.administrative_parent_id is None:
        raise Conflict(_("成员已跨市，但没有登记上级主管部门，请先补登。"))
    consortium.governing_authority_id = authority.administrative_parent_id
    consortium.save(update_fields=["governing_authority"])


def _audit(
    actor: Actor,
    action: str,
    consortium: Consortium,
    institution: Institution | None = None,
) -> None:
    audit.record(
        actor,
        action,
        object_kind="consortium",
        object_id=consortium.pk,
        detail={"institution": institution.code} if institution else {},
    )
