"""Who answers when, 值班排班."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.idempotency.services import once
from yilian.kernel.calendar import local_day
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _
from yilian.registry.directory import policies
from yilian.registry.directory.models import (
    DutyShift,
    Institution,
    PractitionerRole,
)
from yilian.registry.directory.rules import DutyKind

LONGEST_SHIFT: Final = timedelta(days=7)
ONLY_THE_OFFICE: Final = _("只有本机构转诊办公室或系统管理员可以排班。")


@transaction.atomic
def plan_duty(
    actor: Actor,
    *,
    key: UUID,
    institution_id: UUID,
    post_id: UUID,
    kind: DutyKind,
    start: datetime,
    end: datetime,
    phone: str = "",
) -> DutyShift:
    institution = find(Institution.objects.all(), institution_id)
    require(policies.can_plan_duty(actor, institution), ONLY_THE_OFFICE)
    _require_span(start, end)
    standing = PractitionerRole.objects.held_on(local_day(start))
    # The post is held, so that two plans for the same hours meet here.
    post = find(
        standing.filter(institution=institution).select_for_update(of=("self",)),
        post_id,
    )

    def make() -> UUID:
        _require_free(post, kind, start, end)
        made = DutyShift.objects.create(
            institution=institution,
            post=post,
            kind=kind,
            period=(start, end),
            phone=phone,
        )
        audit.record(actor, "duty.plan", object_kind="duty", object_id=made.pk)
        return made.pk

    return DutyShift.objects.get(pk=once(actor, key, "duty", make))


@transaction.atomic
def cancel_duty(actor: Actor, shift_id: UUID) -> None:
    """Only a shift still to come; one that runs or is over has been worked."""
    shift = find(
        DutyShift.objects.select_for_update(of=("self",)).select_related("institution"),
        shift_id,
    )
    require(policies.can_plan_duty(actor, shift.institution), ONLY_THE_OFFICE)
    if shift.period.lower <= timezone.now():
        raise Conflict(_("这个班次已经开始，不能撤销。"))
    audit.record(actor, "duty.cancel", object_kind="duty", object_id=shift.pk)
    shift.delete()


def end_duty_of(post: PractitionerRole) -> None:
    """Whoever leaves answers no longer: shifts to come go, the running one ends."""
    now = timezone.now()
    shifts = DutyShift.objects.filter(post=post)
    shifts.filter(period__startswith__gte=now).delete()
    for shift in shifts.filter(period__contains=now):
        shift.period = (shift.period.lower, now)
        shift.save(update_fields=["period"])


def _require_span(start: datetime, end: datetime) -> None:
    if end <= start:
        raise Invalid(fields={"end": _("结束时间须在开始时间之后。")})
    if end - start > LONGEST_SHIFT:
        raise Invalid(fields={"end": _("一个班次最长 7 天，请分开排。")})
    if end <= timezone.now():
        raise Invalid(fields={"end": _("这个班次已经过去。")})


def _require_free(
    post: PractitionerRole, kind: DutyKind, start: datetime, end: datetime
) -> None:
    same = DutyShift.objects.filter(post=post, kind=kind)
    if same.filter(period__overlap=(start, end)).exists():
        raise Conflict(_("此人在这段时间已排同类值班。"))
