"""A settlement booked here becomes a transaction to be sent, once."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from yilian.foundation.access.database import one_at_a_time
from yilian.foundation.jobs.services import defer
from yilian.insurance.insurer.models import (
    AMOUNTS,
    Line,
    Transaction,
    TransactionQuerySet,
)
from yilian.insurance.insurer.ports import insurer
from yilian.insurance.insurer.rules.states import WITHOUT_EFFECT, Kind
from yilian.insurance.settlement.models import Settlement
from yilian.kernel.calendar import local_day
from yilian.kernel.ids import new_id

SEND: Final = "insurer.send"
OUTSIDE: Final = "OUTSIDE-"
_BATCH: Final = 500
_HALF_AN_HOUR: Final = timedelta(minutes=30)


@transaction.atomic
def hand_over(settlement_id: UUID) -> Transaction | None:
    """Idempotent. None while no insurer's system is connected, or when what it
    takes back was never handed over."""
    if not insurer().is_connected:
        return None
    open_line()
    row = Settlement.objects.select_related("institution").get(id=settlement_id)
    one_at_a_time(f"insurer:{row.person_id}")
    made = _made(row, timezone.now())
    if made is not None:
        defer(SEND, lock=f"insurer:{row.person_id}", person_id=str(row.person_id))
    return made


def collect() -> int:
    """What was booked since the line was opened and never handed over; a clock."""
    if not insurer().is_connected:
        return 0
    line = open_line()
    own = Transaction.objects.filter(settlement_id=OuterRef("id"))
    rows = (
        Settlement.objects.filter(
            booked_on__gte=line.opened_on,
            settled_at__lt=timezone.now() - _HALF_AN_HOUR,
        )
        .exclude(Exists(own))
        .order_by("settled_at", "sequence")
        .values_list("id", flat=True)
    )
    handed = (hand_over(settlement_id) for settlement_id in rows[:_BATCH])
    return sum(one is not None for one in handed)


def open_line() -> Line:
    today = local_day(timezone.now())
    return Line.objects.get_or_create(id=1, defaults={"opened_on": today})[0]


def transaction_of(
    row: Settlement, now: datetime, *, attempt: int = 1, reverses: UUID | None = None
) -> Transaction:
    """Unsaved, queued."""
    suffix = f"-{attempt}" if attempt > 1 else ""
    code = row.institution.code if row.institution else f"{OUTSIDE}{row.insured_area}"
    return Transaction(
        id=new_id(),
        person_id=row.person_id,
        settlement_id=row.id,
        bill_id=row.bill_id,
        number=row.number,
        kind=(Kind.REVERSE if row.reverses else Kind.BOOK).value,
        sequence=row.sequence,
        attempt=attempt,
        serial=f"{row.number}{suffix}",
        institution=row.institution,
        institution_code=code,
        insured_area=row.insured_area,
        reverses_id=reverses,
        booked_on=row.booked_on,
        created_at=now,
        due_at=now,
        **{name: getattr(row, name) for name in AMOUNTS},
    )


def _made(row: Settlement, now: datetime) -> Transaction | None:
    if Transaction.objects.filter(settlement_id=row.id).exists():
        return None
    original = None
    if row.reverses:
        own = Transaction.objects.filter(settlement_id=row.reverses)
        original = _standing(own) or own.order_by("-attempt").first()
        if original is None:  # booked before the line was opened
            return None
    made = transaction_of(row, now, reverses=original.id if original else None)
    made.save(force_insert=True)
    return made


def _standing(rows: TransactionQuerySet) -> Transaction | None:
    effective = rows.exclude(state__in=[state.value for state in WITHOUT_EFFECT])
    return effective.first()
