"""Reading a person's money: within sight, and written down with its ground."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Reach
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.queries.detail import (
    SettlementDetail,
    settlement_detail,
)
from yilian.insurance.settlement.queries.estimating import Estimate, estimate
from yilian.insurance.settlement.queries.listing import (
    BillLine,
    FilingLine,
    SettlementLine,
    Wanted,
    filings,
    settlements,
    waiting_bills,
)
from yilian.kernel.calendar import local_day
from yilian.kernel.page import Page
from yilian.kernel.text import _

_WHO = _("这一页给参保人本人、就诊机构医保财务人员和参保地医保经办人员。")


@transaction.atomic
def open_settlement(actor: Actor, settlement_id: UUID) -> SettlementDetail:
    require(policies.may_list(actor), _WHO)
    found = settlement_detail(actor, settlement_id)
    record(
        actor,
        "settlement.read",
        object_kind="settlement",
        object_id=settlement_id,
        person_id=found.line.person_id,
        ground=ground_of(actor),
    )
    return found


@transaction.atomic
def open_settlements(
    actor: Actor, wanted: Wanted, cursor: str | None = None
) -> Page[SettlementLine]:
    require(policies.may_list(actor), _WHO)
    page = settlements(actor, wanted, cursor)
    note_list(actor, "settlement.list", (line.person_id for line in page.lines))
    return page


@transaction.atomic
def open_waiting(
    actor: Actor, cursor: str | None = None, *, exceptions: bool = False
) -> Page[BillLine]:
    require(policies.may_list(actor), _WHO)
    page = waiting_bills(actor, cursor, exceptions=exceptions)
    note_list(actor, "settlement.waiting", (line.person_id for line in page.lines))
    return page


@transaction.atomic
def open_filings(
    actor: Actor, *, is_open: bool, cursor: str | None = None
) -> Page[FilingLine]:
    require(policies.may_list(actor), _WHO)
    page = filings(actor, is_open=is_open, cursor=cursor)
    note_list(actor, "settlement.filings", (line.person_id for line in page.lines))
    return page


@transaction.atomic
def open_estimate(
    actor: Actor,
    *,
    person_id: UUID,
    diagnosis_code: str,
    from_institution_id: UUID | None,
    to_institution_id: UUID | None,
) -> Estimate:
    """What it will cost, shown to somebody who sees the person."""
    found = estimate(
        actor,
        person_id=person_id,
        diagnosis_code=diagnosis_code,
        from_institution_id=from_institution_id,
        to_institution_id=to_institution_id,
        day=local_day(timezone.now()),
    )
    record(
        actor,
        "settlement.estimate",
        object_kind="person",
        object_id=person_id,
        person_id=person_id,
        ground=found.ground,
    )
    return found


def note_list(actor: Actor, action: str, person_ids: Iterable[UUID]) -> None:
    """One audit row with the persons a page showed."""
    shown = list(dict.fromkeys(person_ids))
    record(
        actor,
        action,
        person_ids=shown,
        ground=ground_of(actor),
        detail={"rows": len(shown)},
    )


def ground_of(actor: Actor) -> str:
    """Why this actor may read it: their own, the insurer pays, or the house charged."""
    if actor.reach in _BY_REACH:
        return _BY_REACH[actor.reach]
    return "insurer" if policies.is_insurer(actor) else "institution"


_BY_REACH = {Reach.SELF: "self", Reach.SYSTEM: "system"}
