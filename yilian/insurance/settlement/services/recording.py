"""What settlement knows, put into the record in the same transaction."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement import fhir
from yilian.insurance.settlement.models import Bill, Coverage, Settlement
from yilian.insurance.settlement.rules.ledger import Entry
from yilian.record.services.writing import Incoming, put


def keep_coverage(actor: Actor, row: Coverage) -> None:
    put(actor, fhir.coverage(row), person_id=row.person_id)


def keep_claim(actor: Actor, bill: Bill, coverage_id: UUID | None) -> None:
    """Posted, or taken back: then the claim and its answer are cancelled."""
    for incoming in claims_of(bill, coverage_id):
        _put(actor, incoming)


def keep_cancelled(actor: Actor, bill: Bill) -> None:
    covers = Coverage.objects.filter(
        person=bill.person_id, period__contains=bill.discharged_on
    )
    keep_claim(actor, bill, covers.values_list("id", flat=True).first())


def keep_settled(actor: Actor, rows: Iterable[Settlement]) -> None:
    """Rows in the order in which they were booked."""
    listed = list(rows)
    red = [row.reverses for row in listed if row.reverses is not None]
    if red:
        person_id = listed[0].person_id
        for before in Settlement.objects.filter(person=person_id, id__in=red):
            taken_back = fhir.benefit(before, is_taken_back=True)
            put(actor, taken_back, person_id=person_id,
                institution_id=before.institution_id)  # fmt: skip
    for row in listed:
        if row.entry != Entry.REVERSAL:
            for incoming in benefits_of(row):
                _put(actor, incoming)


# --- for many at once ---------------------------------------------------------


def claims_of(bill: Bill, coverage_id: UUID | None) -> Iterator[Incoming]:
    yield Incoming(fhir.claim(bill, coverage_id), bill.person_id, bill.institution_id)
    yield Incoming(fhir.queued(bill), bill.person_id, bill.institution_id)


def benefits_of(row: Settlement) -> Iterator[Incoming]:
    """Of a settlement in force."""
    yield Incoming(fhir.benefit(row), row.person_id, row.institution_id)
    yield Incoming(fhir.response(row), row.person_id, row.institution_id)


def _put(actor: Actor, incoming: Incoming) -> None:
    put(
        actor,
        incoming.resource,
        person_id=incoming.person_id,
        institution_id=incoming.institution_id,
    )
