"""Writing a referral before it binds anybody, 草拟转诊单."""

from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral import policies
from yilian.care.referral.models import Referral
from yilian.care.referral.queries import facts
from yilian.care.referral.rules import handover
from yilian.care.referral.rules.reasons import (
    OUTSIDE_REASONS,
    SKIP_REASONS,
    CareKind,
    Urgency,
)
from yilian.care.referral.rules.states import State
from yilian.care.referral.services import numbering
from yilian.care.referral.services.steps import (
    locked,
    note_act,
    require_fresh,
    write_to_record,
)
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.composed import Composed
from yilian.foundation.access.scope import require
from yilian.foundation.idempotency.services import once
from yilian.foundation.terminology.queries import icd10_name
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict, Invalid, NotFound
from yilian.kernel.safe_text import clean_text, is_blank
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Direction, Tier, direction
from yilian.registry.directory.models import Department, Institution
from yilian.registry.directory.rules import SPECIALTY_NAMES
from yilian.registry.population.queries import sight_of
from yilian.registry.population.rules import Scope

_RULE_ID: Final = 16
_MADE: Final = Composed(lambda key: Referral.objects.filter(pk=key))
_INSTITUTION: Final = Composed(lambda key: Institution.objects.filter(pk=key))


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
    [made] = _MADE.ask(key=referral_id)
    return made


@transaction.atomic
def save_draft(
    actor: Actor, referral_id: UUID, *, sheet: Sheet, revision: int | None = None
) -> Referral:
    """Change what is not yet sent, or complete what the receiver has asked for."""
    referral = locked(actor, referral_id)
    require(
        policies.can_draft(actor) and policies.sends(actor, referral),
        _("只有转出方的医师或转诊办公室可以修改转诊单。"),
    )
    if not policies.can_edit(actor, referral):
        raise Conflict(_("转诊单已经发出，不能再修改；请先与接收方联系。"))
    require_fresh(referral, revision)
    require_sight(actor, referral.person_id)
    if referral.submitted_at is None:
        _write_down(actor, referral, sheet)
    else:
        complete_content(referral, sheet)
        write_to_record(actor, referral)
    referral.revision += 1
    referral.save()
    note_act(actor, referral, "save_draft")
    return referral


def require_sight(actor: Actor, person_id: UUID) -> Scope:
    """Nobody refers a stranger: that would open a record by one's own act.

    Returns how much the actor sees of the person.
    """
    scope = sight_of(actor, person_id).scope
    if scope is Scope.NONE:
        raise NotFound
    require(
        scope >= Scope.SUMMARY,
        _("转诊须有诊疗关系：请先登记接诊（核验本人到场），或由签约机构开具。"),
    )
    return scope


def require_open_target(target: Institution | None, day: date) -> None:
    if target is not None and target.closed_on is not None and target.closed_on <= day:
        words = Text(_("{name}已停业，请另选机构。"), {"name": target.short_name})
        raise Invalid(fields={"to_institution_id": words})


def _make(
    actor: Actor, person_id: UUID, sheet: Sheet, parent_id: UUID | None
) -> Referral:
    assert actor.institution_id is not None, "policies.can_draft"  # noqa: S101
    now = timezone.now()
    referral = Referral(
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
    numbering.insert(referral)
    note_act(actor, referral, "draft")
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
    """All of the sheet; every field that is wrong is named at once."""
    wrong: dict[str, str | Text] = {}
    referral.urgency = sheet.urgency.value
    referral.care_kind = sheet.care_kind.value
    referral.skip_reason, referral.outside_reason = "", ""
    with _noting(wrong):
        referral.specialty = _code(sheet.specialty, SPECIALTY_NAMES, "specialty")
    with _noting(wrong):
        _set_target(actor, referral, sheet)
    with _noting(wrong):
        referral.skip_reason = _code(sheet.skip_reason, SKIP_REASONS, "skip_reason")
    with _noting(wrong):
        referral.outside_reason = _code(
            sheet.outside_reason, OUTSIDE_REASONS, "outside_reason"
        )
    _write_content(referral, sheet, wrong)


def complete_content(referral: Referral, sheet: Sheet) -> None:
    """What goes with the patient; where to and how fast stay as they were sent."""
    if sheet.to_institution_id != referral.to_institution_id:
        words = _("转诊单已经发出，不能更换接收机构；请撤回后重新开具。")
        raise Invalid(fields={"to_institution_id": words})
    _write_content(referral, sheet, {})


def _write_content(
    referral: Referral, sheet: Sheet, wrong: dict[str, str | Text]
) -> None:
    with _noting(wrong):
        referral.diagnosis_name = _diagnosis_name(sheet.diagnosis_code)
        referral.diagnosis_code = sheet.diagnosis_code
    with _noting(wrong):
        referral.reason = _line("reason", sheet.reason, 512, _("请写明转诊原因。"))
    with _noting(wrong):
        sections = handover.SECTIONS[Direction(referral.direction or Direction.UP)]
        referral.content = handover.tidy(sections, sheet.content)
        referral.complaint = referral.content.get("complaint", "")[:500]
    if wrong:
        raise Invalid(fields=wrong)
    referral.rule_ids = [rule for rule in sheet.rule_ids if len(rule) <= _RULE_ID]
    referral.check_result_on = facts.check_result_on(sheet.rule_ids, timezone.now())


@contextmanager
def _noting(wrong: dict[str, str | Text]) -> Iterator[None]:
    """Collect what is wrong at its fields, and go on to the next."""
    try:
        yield
    except Invalid as error:
        wrong.update(error.fields)


def _diagnosis_name(code: str) -> str:
    name = icd10_name(code)
    if name is None:
        words = _("没有这个诊断编码，请从列表中选择。")
        raise Invalid(fields={"diagnosis_code": words})
    return name


def _line(field_name: str, text: str, longest: int, missing: str = "") -> str:
    try:
        words = clean_text(text, max_length=longest)
    except Invalid as wrong:
        raise Invalid(fields={field_name: wrong.text}) from None
    if missing and not words:
        raise Invalid(fields={field_name: missing})
    return words


def _set_target(actor: Actor, referral: Referral, sheet: Sheet) -> None:
    target = _target(actor, sheet)
    referral.to_institution = target
    referral.to_department = _department(target, sheet.to_department_id)
    referral.outside_name = referral.outside_place = ""
    if target is None:
        missing = _("请选择接收机构。")
        referral.outside_name = _line(
            "outside_name", sheet.outside_name, 120, missing=missing
        )
        referral.outside_place = _line("outside_place", sheet.outside_place, 60)
    referral.direction = _direction(actor, target).value


def _target(actor: Actor, sheet: Sheet) -> Institution | None:
    if sheet.to_institution_id is None:
        if is_blank(sheet.outside_name):
            raise Invalid(fields={"to_institution_id": _("请选择接收机构。")})
        return None
    if sheet.to_institution_id == actor.institution_id:
        raise Invalid(fields={"to_institution_id": _("转出机构与接收机构不能相同。")})
    target = next(iter(_INSTITUTION.ask(key=sheet.to_institution_id)), None)
    if target is None or target.tier is None:
        raise Invalid(fields={"to_institution_id": _("请从列表中选择接收机构。")})
    require_open_target(target, calendar.local_day(timezone.now()))
    return target


def _department(target: Institution | None, wanted: UUID | None) -> Department | None:
    if target is None or wanted is None:
        return None
    found = Department.objects.filter(
        pk=wanted, institution=target, closed_on=None
    ).first()
    if found is None:
        raise Invalid(fields={"to_department_id": _("请选择该机构的科室。")})
    return found


def _direction(actor: Actor, target: Institution | None) -> Direction:
    if target is None or target.tier is None or actor.tier is None:
        return Direction.UP
    return direction(actor.tier, Tier(target.tier))


def _code(code: str, known: Container[str], field_name: str) -> str:
    """One of the known ones; a reason may be left blank here, submitting asks."""
    is_reason = field_name.endswith("_reason")
    if code in known or (is_reason and not code):
        return code
    words = _("请选择原因。") if is_reason else _("请选择专科。")
    raise Invalid(fields={field_name: words})
