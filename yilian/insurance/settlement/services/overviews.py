"""First screens and sums, written down as looked at."""

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.audit.services import record
from yilian.insurance.settlement.queries.overview import Overview, overview
from yilian.insurance.settlement.queries.sums import Sums, sums
from yilian.insurance.settlement.services.reading import ground_of, note_list


@transaction.atomic
def open_overview(actor: Actor) -> Overview:
    found = overview(actor, timezone.now())
    note_list(
        actor,
        "settlement.work",
        [
            *(line.person_id for line in found.oldest),
            *(line.filing.person_id for line in found.filings),
            *(line.person_id for line in found.penalised),
        ],
    )
    return found


@transaction.atomic
def open_sums(actor: Actor, year: int) -> Sums:
    """Numbers of nobody; that they were looked at is written down all the same."""
    found = sums(actor, year, timezone.localdate())
    record(actor, "settlement.sums", ground=ground_of(actor), detail={"year": year})
    return found
