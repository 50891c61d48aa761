"""Opening the pages: within sight, and written down with the ground."""

from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import require
from yilian.foundation.audit.services import record
from yilian.insurance.insurer import policies
from yilian.insurance.insurer.queries import pages
from yilian.insurance.insurer.queries.pages import Detail, TransactionLine
from yilian.insurance.settlement.services.reading import ground_of, note_list
from yilian.kernel.page import Page
from yilian.kernel.text import _

WHO = _("医保交易给医保经办人员和医疗机构的医保财务人员看。")


@transaction.atomic
def open_transactions(
    actor: Actor, tab: str, cursor: str | None = None
) -> Page[TransactionLine]:
    require(policies.may_look(actor), WHO)
    page = pages.transactions(actor, tab, cursor)
    note_list(actor, "insurer.list", (line.person_id for line in page.lines))
    return page


@transaction.atomic
def open_transaction(actor: Actor, transaction_id: UUID) -> Detail:
    require(policies.may_look(actor), WHO)
    found = pages.detail(actor, transaction_id)
    record(
        actor,
        "insurer.read",
        object_kind="transaction",
        object_id=transaction_id,
        person_id=found.line.person_id,
        ground=ground_of(actor),
    )
    return found
