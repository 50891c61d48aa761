"""Drawing statements for a month that has ended: by the clock, or by hand, 出具对账单.

Run as often as one likes: a statement nobody has signed is brought up to date, the
others stay as they are.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Reach, system_actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record as record_audit
from yilian.foundation.parameters.queries import value_of
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.models import Entry
from yilian.insurance.clearing.models_statement import (
    CHANGEABLE,
    Statement,
    StatementStep,
)
from yilian.insurance.clearing.queries.books import closed_until
from yilian.insurance.clearing.queries.houses import led
from yilian.insurance.clearing.rules import months
from yilian.insurance.clearing.rules.clocks import LIMITS
from yilian.insurance.clearing.rules.numbers import STATEMENT, number_of
from yilian.insurance.clearing.rules.statement import (
    Clock,
    Signed,
    State,
    digest_of,
)
from yilian.insurance.clearing.services.holding import hold_alone
from yilian.insurance.clearing.services.telling import tell_of_statement
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import new_id
from yilian.kernel.money import ZERO
from yilian.kernel.text import _
from yilian.registry.directory.queries import today

DRAW: Final = "draw"
REDRAW: Final = "redraw"
CLOCK: Final = system_actor("clearing.draw_due")
_WHO: Final = _("只有医保财务和牵头单位的医联体办公室可以出具对账单。")
_CAME: Final = _("{month}与{other}的对账单 {number} 已出具，请核对确认。")


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many are new, and how many were brought up to date."""

    made: int
    renewed: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What the month's entries of a pair come to, and which they are."""

    one_id: UUID
    other_id: UUID
    one_owes: Decimal
    other_owes: Decimal
    lines: int
    digest: str


def draw_due() -> int:
    """The clock: months that have ended and lack a statement somewhere."""
    month = months.month_of(today())
    made = 0
    for consortium_id, period in _lacking(month):
        made += draw(CLOCK, consortium_id, period).made
    return made


@transaction.atomic
def draw(actor: Actor, consortium_id: UUID, period: date) -> Drawn:
    """All pairs of the consortium; for a house, its own pairs."""
    require(policies.can_draw(actor, led(actor), consortium_id), _WHO)
    _require_drawable(consortium_id, period)
    hold_alone(consortium_id)
    wanted = _sums(_entries(actor, consortium_id, period))
    known = {
        (row.one_id, row.other_id): row
        for row in Statement.objects.filter(consortium=consortium_id, period=period)
    }
    now, made, renewed = timezone.now(), 0, 0
    for sums in wanted:
        row = known.get((sums.one_id, sums.other_id))
        if row is None:
            _make(actor, consortium_id, period, sums, now)
            made += 1
        elif row.state == State.DRAWN and row.digest != sums.digest:
            _renew(actor, row, sums, now)
            renewed += 1
    if made or renewed:
        record_audit(
            actor,
            "clearing.draw",
            object_kind="consortium",
            object_id=consortium_id,
            detail={"period": f"{period:%Y-%m}", "made": made, "renewed": renewed},
        )
    return Drawn(made, renewed)


def sums_of(row: Statement) -> Sums:
    """As the books say now; nothing at all when every entry has gone."""
    found = _sums(Entry.objects.of_statement(row))
    empty = Sums(row.one_id, row.other_id, ZERO, ZERO, 0, digest_of([]))
    return found[0] if found else empty


def due_after(row_day: datetime, kind: Clock) -> datetime:
    days = value_of(LIMITS[kind], timezone.localdate(row_day))
    return row_day + timedelta(days=days)


def _lacking(before: date) -> list[tuple[UUID, date]]:
    drawn = Statement.objects.filter(
        consortium=OuterRef("consortium"),
        period=OuterRef("period"),
        one=OuterRef("one"),
        other=OuterRef("other"),
    )
    rows = Entry.objects.filter(~Exists(drawn), period__lt=before, statement=None)
    found = rows.values_list("consortium_id", "period").distinct()
    return sorted(found, key=lambda one: (one[1], str(one[0])))


def _require_drawable(consortium_id: UUID, period: date) -> None:
    if period.day != 1 or not months.has_ended(period, today()):
        raise Invalid(_("这个月还没有结束，月末之后才能出具对账单。"))
    last = closed_until(consortium_id)
    if last is not None and period <= last:
        raise Conflict(_("该月已经关账，对账单不再变动。"))


def _entries(actor: Actor, consortium_id: UUID, period: date) -> QuerySet[Entry]:
    rows = Entry.objects.filter(consortium=consortium_id, period=period, statement=None)
    if actor.reach is Reach.SYSTEM or consortium_id in led(actor):
        return rows
    here = actor.institution_id
    return rows.filter(Q(one=here) | Q(other=here))


def _sums(rows: QuerySet[Entry]) -> list[Sums]:
    """Two statements, however many pairs."""
    found: dict[tuple[UUID, UUID], list[Signed]] = {}
    facts = rows.order_by("pk").values_list(
        "one_id", "other_id", "pk", "one_owes", "other_owes"
    )
    for one, other, pk, one_owes, other_owes in facts:
        found.setdefault((one, other), []).append(Signed(pk, one_owes, other_owes))
    totals = (
        rows.order_by()
        .values_list("one_id", "other_id")
        .annotate(a=Sum("one_owes"), b=Sum("other_owes"), n=Count("pk"))
    )
    return [
        Sums(one, other, a, b, n, digest_of(found[one, other]))
        for one, other, a, b, n in sorted(totals, key=str)
    ]


def _make(
    actor: Actor, consortium_id: UUID, period: date, sums: Sums, now: datetime
) -> None:
    row_id = new_id()
    row = Statement.objects.create(
        id=row_id,
        number=number_of(STATEMENT, period, row_id),
        consortium_id=consortium_id,
        period=period,
        one_id=sums.one_id,
        other_id=sums.other_id,
        one_owes=sums.one_owes,
        other_owes=sums.other_owes,
        one_adjusted=ZERO,
        other_adjusted=ZERO,
        lines=sums.lines,
        digest=sums.digest,
        drawn_at=now,
        clock_from=now,
        due_at=due_after(now, Clock.CONFIRM),
    )
    _note(actor, row, DRAW, now)
    _tell_both(row)


def _renew(actor: Actor, row: Statement, sums: Sums, now: datetime) -> None:
    row.one_owes, row.other_owes = sums.one_owes, sums.other_owes
    row.lines, row.digest = sums.lines, sums.digest
    row.drawn_at = row.clock_from = now
    row.due_at = due_after(now, Clock.CONFIRM)
    row.revision += 1
    row.save(update_fields=CHANGEABLE)
    _note(actor, row, REDRAW, now)
    _tell_both(row)


def _note(actor: Actor, row: Statement, step: str, now: datetime) -> None:
    StatementStep.objects.create(
        statement=row,
        step=step,
        institution_id=actor.institution_id,
        taken_at=now,
        taken_by=actor.account_id,
        signer=actor.name[:60] if actor.account_id else "",
    )


def _tell_both(row: Statement) -> None:
    for house in (row.one_id, row.other_id):
        tell_of_statement(row, _CAME, f"drawn:{row.revision}", to=house)
