"""Lighting a wall, looking at it, putting it out."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.care.referral import policies
from yilian.care.referral.models import WallDisplay
from yilian.care.referral.models_display import LONGEST_PLACE
from yilian.care.referral.queries import displays
from yilian.care.referral.rules.display import HOURS, MOST
from yilian.foundation.access.actor import Actor
from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record as record_audit
from yilian.foundation.idempotency.services import once
from yilian.foundation.parameters.queries import value_of
from yilian.kernel import calendar
from yilian.kernel.errors import Conflict, Invalid, NotPermitted
from yilian.kernel.safe_text import clean_line
from yilian.kernel.text import _

_WHO: Final = _("只有转诊办公室可以开启和停止大屏。")


@transaction.atomic
def open_display(actor: Actor, *, key: UUID, place: str) -> WallDisplay:
    """A wall that stays lit without whoever opens it; sent twice, opened once."""
    require(policies.can_open_display(actor), _WHO)
    try:
        place = clean_line(place, max_length=LONGEST_PLACE)
    except Invalid as wrong:
        raise Invalid(fields={"place": wrong.text}) from None
    if not place:
        raise Invalid(fields={"place": _("请写明大屏挂在哪里，如“急诊分诊台”。")})
    made = once(actor, key, "referral.open_display", lambda: _open(actor, place).id)
    return WallDisplay.objects.get(pk=made)


@transaction.atomic
def end_display(actor: Actor, display_id: UUID) -> WallDisplay:
    """By anybody of the desk, not only by whoever opened it."""
    rows = displays.of_house(actor).select_for_update(of=("self",))
    row = find(rows, display_id)
    require(policies.can_open_display(actor), _WHO)
    now = timezone.now()
    if row.ended_at is not None or row.ends_at <= now:
        raise Conflict(_("这块大屏已经停止显示，请刷新页面。"))
    row.ended_at, row.ended_by_id = now, actor.account_id
    row.save(update_fields=["ended_at", "ended_by"])
    _write_down(actor, row, "end_display")
    return row


@transaction.atomic
def show(display_id: UUID, origin: str) -> tuple[WallDisplay, Actor] | None:
    """The row and as whom its screen reads, while it is lit; each day of showing
    leaves a row in the audit."""
    now = timezone.now()
    lit = displays.lit(now).select_related("institution")
    row = lit.filter(pk=display_id).first()
    if row is None:
        return None
    today = calendar.local_day(now)
    actor = displays.actor_on(row, origin)
    anew = WallDisplay.objects.filter(pk=row.pk, shown_on__lt=today)
    if row.shown_on < today and anew.update(shown_on=today):
        _write_down(actor, row, "show_display")
    return row, actor


@transaction.atomic
def end_with_post(post_id: UUID) -> int:
    """Who has left opens nothing any more."""
    now = timezone.now()
    return displays.lit(now).filter(opened_in=post_id).update(ended_at=now)


def _open(actor: Actor, place: str) -> WallDisplay:
    one_at_a_time(f"referral.displays:{actor.institution_id}")
    now = timezone.now()
    if displays.of_house(actor).filter(pk__in=displays.lit(now)).count() >= MOST:
        raise Conflict(_("本机构已开启 {most} 块大屏，请先停止不用的。"), most=MOST)
    today = calendar.local_day(now)
    hours = value_of(HOURS, today)
    house, who, post = actor.institution_id, actor.account_id, actor.post_id
    if house is None or who is None or post is None:  # a wall hangs on a post
        raise NotPermitted(_WHO)
    row = WallDisplay(
        institution_id=house,
        place=place,
        opened_at=now,
        ends_at=now + timedelta(hours=hours),
        opened_by_id=who,
        opened_in_id=post,
        opener_name=actor.name[:60],
        shown_on=today,
    )
    row.save(force_insert=True)
    _write_down(actor, row, "open_display", hours=hours)
    return row


def _write_down(actor: Actor, row: WallDisplay, verb: str, **detail: int) -> None:
    record_audit(
        actor,
        f"referral.{verb}",
        object_kind="display",
        object_id=row.id,
        detail=detail,
    )
