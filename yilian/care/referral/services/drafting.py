"""Writing a referral before it binds anybody, 草拟转诊单."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral import policies
from yilian.care.referral.queries import facts
from yilian.care.referral.models import Referral
from yilian.care.referral.rules import handover, numbers
from yilian.care.referral.rules.reasons import (
    OUTSIDE_REASONS,
    SKIP_REASONS,
    CareKind,
    Urgency,
)
from yilian.care.referral.rules.states import State
from yilian.care.referral.services.steps import locked, require_fresh
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record as record_audit
from yilian.foundation.idempotency.services import once
from yilian.foundation.terminology.queries import icd10_name
from yilian.kernel import calendar
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.safe_text import clean_text
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Direction, Tier, direction
from yilian.registry.directory.models import Department, Institution
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Ground, Scope


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a form or a message says of a hop; policy is checked here, not there."""

    urgency: Urgency
    specialty: str
    diagnosis_code: str
    reason: str
    care_kind: CareKind = CareKind.OUTPATIENT
    to_institution_id: UUID | None = None
    to_department_id: UUID | None = None
    outside_name: str = ""
    outside_place: str = ""
    content: dict[str, str] = field(default_factory=dict)
    rule_ids: tuple[str, ...] = ()
    skip_reason: str = ""
    outside_reason: str = ""


@transaction.atomic
def draft(
    actor: Actor,
    *,
    key: UUID,
    person_id: UUID,
    sheet: Sheet,
    parent_id: UUID | None = None,
) -> Referral:
    """A draft of the actor's institution. The writer must already see the person."""
    require(policies.can_draft(actor), _("只有医师或转诊办公室可以开具转诊单。"))
    require_sight(actor, person_id)

    def make() -> UUID:
        return _make(actor, person_id, sheet, parent_id).id

    referral_id = once(actor, key, "referral.draft", make)
    return Referral.objects.get(pk=referral_id)


@transaction.atomic
def save_draft(
    actor: Actor, referral_id: UUID, *, sheet: Sheet, revision: int | None = None
) -> Referral:
    """Change what is not yet sent, or what the receiver has asked to be completed."""
    referral = locked(actor, referral_id)
    require(
        policies.can_edit(actor, referral),
        _("只有转出方可以修改草稿或待补充资料的转诊单。"),
    )
    require_fresh(referral, revision)
    _write_down(actor, referral, sheet)
    referral.revision += 1
    referral.save()
    _note(actor, referral, "referral.save_draft")
    return referral


def require_sight(actor: Actor, person_id: UUID) -> None:
    """Nobody refers a stranger: that would open a record by one's own act."""
    scope = sight_of(actor, person_id).scope
    if scope is Scope.NONE:
        raise NotFound
    require(
        scope >= Scope.SUMMARY,
        _("转诊须有诊疗关系：请先登记接诊（核验本人到场），或由签约机构开具。"),
    )


def _make(
    actor: Actor, person_id: UUID, sheet: Sheet, parent_id: UUID | None
) -> Referral:
    now = timezone.now()
    referral = Referral(
        number=numbers.new_number(calendar.local_day(now)),
        person_id=person_id,
        parent=_parent(actor, person_id, parent_id),
        state=State.DRAFT.value,
        from_institution_id=actor.institution_id,
        from_department_id=actor.department_id,
        from_post_id=actor.post_id,
        created_at=now,
        created_by_id=actor.account_id,
    )
    _write_down(actor, referral, sheet)
    referral.save(force_insert=True)
    _note(actor, referral, "referral.draft")
    return referral


def _parent(actor: Actor, person_id: UUID, parent_id: UUID | None) -> Referral | None:
    """The hop this one goes on from: it must have brought the person here."""
    if parent_id is None:
        return None
    visible = Referral.objects.visible_to(actor)
    parent = visible.filter(pk=parent_id, person=person_id).first()
    if parent is None or parent.to_institution_id != actor.institution_id:
        raise Invalid(_("上一程转诊不在本院，不能由此继续转出。"))
    return parent


def _write_down(actor: Actor, referral: Referral, sheet: Sheet) -> None:
    name = icd10_name(sheet.diagnosis_code)
    if name is None:
        raise Invalid(
            fields={"diagnosis_code": _("没有这个诊断编码，请从列表中选择。")}
        )
    target = _target(actor, sheet)
    referral.urgency = sheet.urgency.value
    referral.care_kind = sheet.care_kind.value
    referral.specialty = sheet.specialty
    referral.diagnosis_code = sheet.diagnosis_code
    referral.diagnosis_name = name
    referral.reason = _reason(sheet.reason)
    referral.to_institution = target
    referral.to_department = _department(target, sheet.to_department_id)
    referral.outside_name = "" if target else sheet.outside_name.strip()
    referral.outside_place = "" if target else sheet.outside_place.strip()
    way = _direction(actor, target)
    referral.direction = way.value
    referral.content = handover.tidy(handover.SECTIONS[way], sheet.content)
    referral.complaint = referral.content.get("complaint", "")[:500]
    referral.rule_ids = list(sheet.rule_ids)
    referral.skip_reason = _code(sheet.skip_reason, SKIP_REASONS, "skip_reason")
    referral.outside_reason = _code(
        sheet.outside_reason, OUTSIDE_REASONS, "outside_reason"
    )
    referral.check_result_on = facts.check_result_on(sheet.rule_ids, timezone.now())


def _reason(text: str) -> str:
    try:
        reason = clean_text(text, max_length=512)
    except Invalid as wrong:
        raise Invalid(fields={"reason": wrong.text}) from None
    if not reason:
        raise Invalid(fields={"reason": _("请写明转诊原因。")})
    return reason


def _target(actor: Actor, sheet: Sheet) -> Institution | None:
    if sheet.to_institution_id is None:
        if not sheet.outside_name.strip():
            raise Invalid(fields={"to_institution_id": _("请选择接收机构。")})
        return None
    if sheet.to_institution_id == actor.institution_id:
        raise Invalid(fields={"to_institution_id": _("转出机构与接收机构不能相同。")})
    today = calendar.local_day(timezone.now())
    target = Institution.objects.filter(pk=sheet.to_institution_id).first()
    if target is None or target.tier is None:
        raise Invalid(fields={"to_institution_id": _("请从列表中选择接收机构。")})
    if target.closed_on is not None and target.closed_on <= today:
        words = Text(_("{name}已停业，请另选机构。"), {"name": target.short_name})
        raise Invalid(fields={"to_institution_id": words})
    return target


def _department(target: Institution | None, id: UUID | None) -> Department | None:
    if target is None or id is None:
        return None
    found = Department.objects.filter(pk=id, institution=target).first()
    if found is None:
        raise Invalid(fields={"to_department_id": _("请选择该机构的科室。")})
    return found


def _direction(actor: Actor, target: Institution | None) -> Direction:
    if target is None or target.tier is None or actor.tier is None:
        return Direction.UP
    return direction(actor.tier, Tier(target.tier))


def _code(code: str, known: object, field_name: str) -> str:
    if code and code not in known:  # type: ignore[operator]
        raise Invalid(fields={field_name: _("请选择原因。")})
    return code


def _note(actor: Actor, referral: Referral, action: str) -> None:
    record_audit(
        actor,
        action,
        object_kind="referral",
        object_id=referral.id,
        person_id=referral.person_id,
        ground=Ground.REFERRAL.value,
    )
