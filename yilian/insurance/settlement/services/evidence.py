"""Filing with papers, and opening a paper of a filing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Final
from uuid import UUID

from django.db import transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.files import services as files
from yilian.foundation.files.models import StoredFile
from yilian.foundation.files.rules.checking import FIELD
from yilian.foundation.idempotency.services import made_before
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import Bill, Filing
from yilian.insurance.settlement.queries.filings import (
    FilingPage,
    Which,
    WorkLine,
    filing_page,
    work_list,
)
from yilian.insurance.settlement.queries.finding import by_id
from yilian.insurance.settlement.rules.filing import Evidence
from yilian.insurance.settlement.rules.ledger import FilingKind
from yilian.insurance.settlement.services.filing import appeal, file_late
from yilian.insurance.settlement.services.looking import WHO, note_one
from yilian.insurance.settlement.services.reading import note_list
from yilian.kernel.errors import Invalid, NotFound
from yilian.kernel.page import Page
from yilian.kernel.text import _

PURPOSE: Final = "settlement.evidence"
MOST_PAPERS: Final = 6


@dataclass(frozen=True, slots=True)
class Upload:
    source: BinaryIO
    size: int
    name: str


def file_with_papers(
    actor: Actor,
    bill_id: UUID,
    kind: FilingKind,
    evidence: Evidence,
    uploads: Sequence[Upload],
    *,
    key: UUID,
) -> Filing:
    """The papers are kept with the filing or not at all."""
    if len(uploads) > MOST_PAPERS:
        raise Invalid(fields={FIELD: _("最多附 6 份材料，请合并后再添加。")})
    by_id(Bill.objects.visible_to(actor), bill_id)
    before = made_before(actor, key, f"settlement.{kind.value}")
    if before is not None:
        return Filing.objects.get(id=before)
    stored: list[UUID] = []
    try:
        with transaction.atomic():
            for one in uploads:
                stored.append(_stored(actor, one))
            return _filed(actor, bill_id, kind, evidence, stored, key=key)
    except _SentTwice as twice:
        _discard(stored)
        return twice.filing
    except BaseException:
        _discard(stored)
        raise


class _SentTwice(Exception):
    """The same form twice at once: the first one's papers are kept, not these."""

    def __init__(self, filing: Filing) -> None:
        self.filing = filing


def _filed(
    actor: Actor,
    bill_id: UUID,
    kind: FilingKind,
    evidence: Evidence,
    stored: list[UUID],
    *,
    key: UUID,
) -> Filing:
    file = file_late if kind is FilingKind.LATE_EMERGENCY else appeal
    filing = file(
        actor, bill_id, key=key, evidence=replace(evidence, files=tuple(stored))
    )
    if filing.files != stored:
        raise _SentTwice(filing)
    return filing


def _stored(actor: Actor, one: Upload) -> UUID:
    kept = files.store(actor, one.source, size=one.size, name=one.name, purpose=PURPOSE)
    return kept.id


def _discard(stored: list[UUID]) -> None:
    for file_id in stored:
        files.discard(file_id)


@transaction.atomic
def open_paper(actor: Actor, filing_id: UUID, file_id: UUID) -> StoredFile:
    """Within sight of the filing; written down before the bytes go."""
    filing = by_id(Filing.objects.visible_to(actor), filing_id)
    if file_id not in filing.files:
        raise NotFound
    stored = find(StoredFile.objects.all(), file_id)
    note_one(
        actor, "settlement.open_paper", "filing", filing.id, filing.person_id,
        file=str(file_id),
    )  # fmt: skip
    return stored


@transaction.atomic
def open_filing(actor: Actor, filing_id: UUID) -> FilingPage:
    require(policies.may_list(actor), WHO)
    found = filing_page(actor, filing_id)
    note_one(actor, "settlement.read_filing", "filing", filing_id, found.row.person_id)
    return found


@transaction.atomic
def open_work(actor: Actor, which: Which, cursor: str | None = None) -> Page[WorkLine]:
    require(policies.may_list(actor), WHO)
    page = work_list(actor, which, cursor)
    note_list(
        actor, "settlement.filings", [line.filing.person_id for line in page.lines]
    )
    return page
