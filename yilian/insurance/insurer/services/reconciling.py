"""A day's books side by side: ours, theirs, and every difference for the clerk."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.jobs.services import defer
from yilian.insurance.insurer import policies
from yilian.insurance.insurer.models import Difference, Reconciliation, Transaction
from yilian.insurance.insurer.ports import NoAnswer, NotSent, insurer
from yilian.insurance.insurer.rules import comparing
from yilian.insurance.insurer.rules.comparing import Found, Ours, Theirs
from yilian.insurance.insurer.rules.states import State
from yilian.insurance.insurer.services.handing import SEND, open_line
from yilian.kernel.calendar import local_day
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.safe_text import required_text
from yilian.kernel.text import _

RECONCILE: Final = "insurer.reconcile"
ONLY_INSURER: Final = _("只有医保经办人员可以对账。")
_CITY: Final = 4  # digits of its code
_ABANDONED: Final = timedelta(minutes=30)
_Books = tuple[dict[tuple[str, str], Ours], dict[tuple[str, str], Theirs]]


@transaction.atomic
def ask(actor: Actor, day: date) -> Reconciliation:
    """Of the actor's area; the worker compares, the page shows when it is done."""
    require(policies.can_reconcile(actor), ONLY_INSURER)
    if not insurer().is_connected:
        raise Conflict(_("尚未连接医保系统（YILIAN_INSURER_URL 未设置），不能对账。"))
    if day > local_day(timezone.now()):
        raise Invalid(fields={"day": _("还没有到这一天。")})
    made = _asked(day, actor.area_code[:6], actor)
    if made is None:
        raise Conflict(_("这一天正在对账，请稍候。"))
    return made


def reconcile_yesterday() -> int:
    """Each city with something booked; a clock of the night."""
    if not insurer().is_connected:
        return 0
    open_line()
    day = local_day(timezone.now()) - timedelta(days=1)
    areas = Transaction.objects.filter(booked_on=day).values_list(
        "insured_area", flat=True
    )
    cities = sorted({area[:_CITY] for area in areas.distinct()})
    asked = [_asked(day, city, None) for city in cities]
    return sum(one is not None for one in asked)


def run(reconciliation_id: UUID) -> None:
    """Twice does no harm: what is done stays."""
    row = Reconciliation.objects.get(pk=reconciliation_id)
    if row.state != Reconciliation.Progress.ASKED:
        return
    try:
        theirs = dict(_theirs(row))
    except (NotSent, NoAnswer) as error:
        Reconciliation.objects.filter(pk=row.pk, state="asked").update(
            state=Reconciliation.Progress.FAILED,
            fault=error.fault,
            done_at=timezone.now(),
        )
        return
    _write(row.pk, (dict(_ours(row)), theirs))


@transaction.atomic
def close(actor: Actor, difference_id: UUID, *, note: str) -> Difference:
    """The clerk has found out; what was found stays with the note beside it."""
    areas = Reconciliation.objects.visible_to(actor)
    rows = Difference.objects.filter(reconciliation__in=areas)
    row = find(rows.select_for_update(of=("self",)), difference_id)
    require(policies.can_reconcile(actor), ONLY_INSURER)
    if row.closed_at is not None:
        raise Conflict(_("这一处差异已经处理完毕。"))
    try:
        row.note = required_text(note, max_length=300)
    except Invalid as wrong:
        raise Invalid(fields={"note": wrong.text}) from None
    row.closed_at, row.closed_by_id = timezone.now(), actor.account_id
    row.save(update_fields=["closed_at", "closed_by", "note"])
    record(
        actor, "insurer.close_difference", object_kind="difference", object_id=row.id
    )
    return row


def _asked(day: date, area: str, actor: Actor | None) -> Reconciliation | None:
    now = timezone.now()
    Reconciliation.objects.filter(
        day=day, area_code=area, state="asked", asked_at__lt=now - _ABANDONED
    ).update(state=Reconciliation.Progress.FAILED, fault="stopped", done_at=now)
    try:
        with transaction.atomic():
            row = Reconciliation.objects.create(
                day=day,
                area_code=area,
                asked_at=now,
                asked_by_id=actor.account_id if actor else None,
            )
    except IntegrityError:
        return None
    if actor is not None:
        record(
            actor, "insurer.reconcile", object_kind="reconciliation", object_id=row.id
        )
    defer(RECONCILE, lock="insurer:reconcile", reconciliation_id=str(row.id))
    return row


def _theirs(row: Reconciliation) -> Iterator[tuple[tuple[str, str], Theirs]]:
    after = ""
    while True:
        page = insurer().day(row.day, row.area_code, after)
        for held in page.rows:
            yield (held.institution, held.serial), Theirs(held.total, held.fund)
        if not page.next or page.next == after:
            return
        after = page.next


def _ours(row: Reconciliation) -> Iterator[tuple[tuple[str, str], Ours]]:
    rows = Transaction.objects.filter(
        booked_on=row.day, insured_area__startswith=row.area_code
    ).values_list("institution_code", "serial", "id", "state", "total", "patient_pay")
    for house, serial, key, state, total, patient in rows.iterator():
        yield (house, serial), Ours(str(key), State(state), total, total - patient)


@transaction.atomic
def _write(reconciliation_id: UUID, books: _Books) -> None:
    row = Reconciliation.objects.select_for_update().get(pk=reconciliation_id)
    if row.state != Reconciliation.Progress.ASKED:
        return
    ours, theirs = books
    found = list(comparing.compare(ours, theirs))
    Difference.objects.bulk_create([_difference(row, one) for one in found])
    here = comparing.summed(comparing.in_our_book(ours.values()))
    there = comparing.summed(theirs.values())
    row.ours_count, row.ours_total, row.ours_fund = here.count, here.total, here.fund
    row.theirs_count, row.theirs_total = there.count, there.total
    row.theirs_fund, row.differences = there.fund, len(found)
    row.state, row.done_at = Reconciliation.Progress.DONE, timezone.now()
    row.save(update_fields=Reconciliation.CHANGES)
    _ask_again(found)


def _difference(row: Reconciliation, one: Found) -> Difference:
    return Difference(
        reconciliation=row,
        kind=one.kind.value,
        transaction_id=UUID(one.ours.id) if one.ours else None,
        institution_code=one.serial[0][:40],
        serial=one.serial[1],
        ours_total=one.ours.total if one.ours else None,
        ours_fund=one.ours.fund if one.ours else None,
        theirs_total=one.theirs.total if one.theirs else None,
        theirs_fund=one.theirs.fund if one.theirs else None,
    )


def _ask_again(found: list[Found]) -> None:
    """They have what we do not know about yet: asked at once."""
    ids = [
        one.ours.id
        for one in found
        if one.ours and one.kind is comparing.Difference.UNRESOLVED
    ]
    waiting = Transaction.objects.filter(pk__in=ids).exclude(state=State.SENT.value)
    waiting.update(due_at=timezone.now())
    for person_id in set(waiting.values_list("person_id", flat=True)):
        defer(SEND, lock=f"insurer:{person_id}", person_id=str(person_id))
