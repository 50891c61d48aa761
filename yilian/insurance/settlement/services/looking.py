"""Opening the pages of a person's money: within sight, and written down."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.queries.billing import BillPage, bill_page
from yilian.insurance.settlement.queries.listing import BillLine, SettlementLine
from yilian.insurance.settlement.queries.searching import (
    HeadSums,
    Sought,
    exported,
    head_sums,
    sought,
    waiting_sought,
)
from yilian.insurance.settlement.services.reading import ground_of, note_list
from yilian.kernel.page import Page
from yilian.kernel.text import _

WHO: Final = _("这一页给参保人本人、就诊机构医保财务人员和参保地医保经办人员。")


@transaction.atomic
def open_bill(actor: Actor, bill_id: UUID) -> BillPage:
    require(policies.may_list(actor), WHO)
    found = bill_page(actor, bill_id, timezone.now())
    note_one(actor, "settlement.read_bill", "bill", bill_id, found.bill.person_id)
    return found


@dataclass(frozen=True, slots=True)
class Search:
    """What was found with its sums, and the bills of the same words that wait."""

    page: Page[SettlementLine]
    waiting: list[BillLine]
    sums: HeadSums | None


@transaction.atomic
def open_search(actor: Actor, asked: Sought, cursor: str | None = None) -> Search:
    require(policies.may_list(actor), WHO)
    page = sought(actor, asked, cursor)
    waiting = waiting_sought(actor, asked)
    note_list(
        actor,
        "settlement.list",
        [
            *(line.person_id for line in page.lines),
            *(line.person_id for line in waiting),
        ],
    )
    return Search(page, waiting, head_sums(actor, asked))


@transaction.atomic
def take_away(actor: Actor, asked: Sought) -> list[SettlementLine]:
    """For a file; each person in it is written down."""
    require(policies.may_list(actor), WHO)
    found = exported(actor, asked)
    note_list(actor, "settlement.export", [line.person_id for line in found])
    return found


def note_one(
    actor: Actor,
    action: str,
    kind: str,
    row_id: UUID,
    person_id: UUID,
    **detail: Any,
) -> None:
    record(
        actor,
        action,
        object_kind=kind,
        object_id=row_id,
        person_id=person_id,
        ground=ground_of(actor),
        detail=detail,
    )


@transaction.atomic
def note_paper(
    actor: Actor, action: str, row_id: UUID, person_id: UUID, kind: str = "settlement"
) -> None:
    """A paper or a file left the system."""
    note_one(actor, f"settlement.{action}", kind, row_id, person_id)


@transaction.atomic
def note_look(actor: Actor, page: str, person_ids: Iterable[UUID] = ()) -> None:
    note_list(actor, f"settlement.{page}", person_ids)
