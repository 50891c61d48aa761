"""Slips in lists and alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.insurance.clearing import policies
from yilian.insurance.clearing.models import Entry, SharedService
from yilian.insurance.clearing.rules import slip as slips
from yilian.insurance.clearing.rules.slip import Kind, State, Step
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.text import _

PAGE: Final = 30
TABS: Final[Mapping[str, str]] = {
    "mine": _("待我签认"),
    "sent": _("我登记待签认"),
    "posted": _("已入账"),
    "ended": _("退回撤回红冲"),
    "all": _("全部"),
}


@dataclass(frozen=True, slots=True)
class SlipLine:
    id: UUID
    number: str
    kind: Kind
    item: str
    item_code: str
    unit: str
    quantity: Decimal
    unit_price: Decimal
    total: Decimal
    requester_percent: int
    owed: Decimal
    performed_on: date
    provider_id: UUID
    provider: str
    requester_id: UUID
    requester: str
    state: State
    recorded_at: datetime
    reference: str
    note: str
    reason: str

    @property
    def kind_name(self) -> str:
        return slips.KIND_NAMES[self.kind]

    @property
    def state_name(self) -> str:
        return slips.STATE_NAMES[self.state]

    @property
    def clause_id(self) -> str:
        return slips.KIND_CLAUSES[self.kind].id


@dataclass(frozen=True, slots=True)
class SlipDetail:
    line: SlipLine
    consortium: str
    steps: list[Step]
    entry: Entry | None
    reversal: Entry | None


def tab_named(name: str) -> str:
    return name if name in TABS else "mine"


def slips_of(
    actor: Actor, tab: str, cursor: str | None, *, size: int = PAGE
) -> Page[SlipLine]:
    rows = _in_tab(actor, tab).select_related("provider", "requester")
    mark = read_mark(cursor)
    if mark is not None:
        later = Q(recorded_at=mark.at, pk__lt=mark.id)
        rows = rows.filter(Q(recorded_at__lt=mark.at) | later)
    found = [_line(row) for row in rows.order_by("-recorded_at", "-pk")[: size + 1]]
    return cut(found, size, lambda line: Mark(line.recorded_at, line.id))


def counted(actor: Actor) -> int:
    """How many wait for this house's word."""
    return _in_tab(actor, "mine").count()


def detail(actor: Actor, slip_id: UUID) -> SlipDetail:
    visible = SharedService.objects.visible_to(actor)
    row = find(visible.select_related("provider", "requester", "consortium"), slip_id)
    entry = Entry.objects.filter(event_kind=slips.EVENT, event_id=row.id).first()
    reversal = Entry.objects.filter(reverses=entry).first() if entry else None
    return SlipDetail(
        line=_line(row),
        consortium=row.consortium.alias,
        steps=[
            step
            for step in slips.steps_from(State(row.state))
            if policies.can_take_slip(actor, row, step)
        ],
        entry=entry,
        reversal=reversal,
    )


def _in_tab(actor: Actor, tab: str) -> QuerySet[SharedService]:
    rows = SharedService.objects.visible_to(actor)
    here = actor.institution_id
    waiting = rows.filter(state=State.RECORDED.value)
    by_tab: Mapping[str, QuerySet[SharedService]] = {
        "mine": waiting.filter(requester=here),
        "sent": waiting.filter(provider=here),
        "posted": rows.filter(state=State.ACKNOWLEDGED.value),
        "ended": rows.exclude(
            state__in=[State.RECORDED.value, State.ACKNOWLEDGED.value]
        ),
        "all": rows,
    }
    return by_tab[tab]


def _line(row: SharedService) -> SlipLine:
    return SlipLine(
        id=row.id,
        number=row.number,
        kind=Kind(row.kind),
        item=row.item_name,
        item_code=row.item_code,
        unit=row.unit,
        quantity=row.quantity,
        unit_price=row.unit_price,
        total=row.total,
        requester_percent=row.requester_percent,
        owed=row.owed,
        performed_on=row.performed_on,
        provider_id=row.provider_id,
        provider=row.provider.short_name,
        requester_id=row.requester_id,
        requester=row.requester.short_name,
        state=State(row.state),
        recorded_at=row.recorded_at,
        reference=row.reference,
        note=row.note,
        reason=row.reason,
    )
