"""What the insurer's system has said of the last weeks, and their money as FHIR.

The interface is off in a demo (docs/insurer.md says how to play it): these rows show
what its pages hold. The record gets the claims and benefits of the same weeks, not of
all years: nobody in a demo asks for the older ones.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from yilian.demo.world.build import Region
from yilian.demo.world.chance import stream
from yilian.foundation.access.actor import Actor
from yilian.foundation.audit.services import record
from yilian.insurance.insurer.models import (
    Difference,
    Line,
    Reconciliation,
    Transaction,
    TransactionStep,
)
from yilian.insurance.insurer.rules import comparing
from yilian.insurance.insurer.rules.comparing import Ours
from yilian.insurance.insurer.rules.states import Fault, State, Step
from yilian.insurance.insurer.services.handing import transaction_of
from yilian.insurance.settlement import fhir
from yilian.insurance.settlement.models import Bill, Coverage, Settlement
from yilian.insurance.settlement.services.recording import benefits_of, claims_of
from yilian.kernel.calendar import local_day
from yilian.record.services.writing import Incoming, put_many

_WEEKS: Final = timedelta(days=28)
_CITY: Final = 4
_REFUSED: Final = ("person-unknown", "amounts-wrong", "not-allowed")
_REFUSED_EVERY, _UNKNOWN = 60, 2
_COMPARED: Final = 5  # days
_MOMENT: Final = timedelta(seconds=2)


def load_exchange(actor: Actor, region: Region) -> None:
    since = region.now - _WEEKS
    rows = Settlement.objects.filter(settled_at__gte=since).order_by(
        "settled_at", "sequence"
    )
    settled = list(rows.select_related("institution"))
    _load_record(actor, settled)
    Line.objects.create(id=1, opened_on=local_day(since), answered_at=region.now)
    sent = list(_transactions(region, settled))
    Transaction.objects.bulk_create(sent)
    TransactionStep.objects.bulk_create(_steps(sent))
    _load_days(sent, region.now)
    record(actor, "insurer.load_many", detail={"rows": len(sent)})


# --- transactions -------------------------------------------------------------


def _transactions(region: Region, settled: list[Settlement]) -> Iterator[Transaction]:
    """Each booked, save a few; a red entry only of what was sent."""
    dice = stream(region.seed, "insurer")
    by_settlement: dict[UUID, Transaction] = {}
    last = {row.id for row in settled[-_UNKNOWN:] if not row.reverses}
    for number, row in enumerate(settled):
        original = by_settlement.get(row.reverses) if row.reverses else None
        if row.reverses and original is None:
            continue
        made = transaction_of(
            row, row.settled_at, reverses=original.id if original else None
        )
        if row.id in last:
            _unknown(made)
        elif not row.reverses and number % _REFUSED_EVERY == _REFUSED_EVERY - 1:
            made.state, made.code = State.REFUSED.value, dice.choice(_REFUSED)
        else:
            made.state, made.reference = State.BOOKED.value, f"YB{number + 1:010}"
        _close(original, made)
        made.tries, made.sent_at = 1, row.settled_at
        by_settlement[row.id] = made
        yield made


def _unknown(made: Transaction) -> None:
    made.state, made.fault = State.UNKNOWN.value, Fault.TIMED_OUT.value
    made.unknown_since = made.created_at + _MOMENT


def _close(original: Transaction | None, made: Transaction) -> None:
    """What becomes of a pair: taken back, or never booked at all."""
    if original is None:
        return
    if original.state == State.BOOKED:
        original.state = State.REVERSED.value
    else:
        made.state, made.reference = State.NEEDLESS.value, ""


_STEPS: Final = {
    State.BOOKED: (Step.SEND, Step.BOOK),
    State.REVERSED: (Step.SEND, Step.BOOK, Step.REVERSE),
    State.REFUSED: (Step.SEND, Step.REFUSE),
    State.UNKNOWN: (Step.SEND, Step.LOSE),
    State.NEEDLESS: (Step.DROP,),
}
_AFTER: Final = {
    Step.SEND: State.SENT,
    Step.BOOK: State.BOOKED,
    Step.REFUSE: State.REFUSED,
    Step.LOSE: State.UNKNOWN,
    Step.REVERSE: State.REVERSED,
    Step.DROP: State.NEEDLESS,
}


def _steps(sent: Iterable[Transaction]) -> Iterator[TransactionStep]:
    for row in sent:
        for number, step in enumerate(_STEPS[State(row.state)]):
            yield TransactionStep(
                transaction=row,
                step=step.value,
                to_state=_AFTER[step].value,
                fault=row.fault if step is Step.LOSE else "",
                code=row.code if step is Step.REFUSE else "",
                at=row.created_at + number * _MOMENT,
            )


# --- compared days ------------------------------------------------------------


def _load_days(sent: list[Transaction], now: datetime) -> None:
    """The last days of each city; what they hold is what we hold, save one row."""
    ordered = sorted(sent, key=lambda row: (row.booked_on, row.insured_area[:_CITY]))
    groups = [
        (key, list(rows))
        for key, rows in groupby(
            ordered, key=lambda row: (row.booked_on, row.insured_area[:_CITY])
        )
    ]
    days = sorted({day for (day, _city), _rows in groups} - {local_day(now)})
    for (day, city), rows in groups:
        if day in days[-_COMPARED:]:
            _compare(day, city, rows, is_last=day == days[-1])


def _compare(day: date, city: str, rows: list[Transaction], *, is_last: bool) -> None:
    ours = [
        Ours(str(row.id), State(row.state), row.total, row.total - row.patient_pay)
        for row in rows
    ]
    here = comparing.in_our_book(ours)
    lacking = here[-1] if is_last and here else None
    theirs = [one for one in here if one is not lacking]
    mine, other = comparing.summed(here), comparing.summed(theirs)
    at = max(row.created_at for row in rows) + timedelta(hours=12)
    made = Reconciliation.objects.create(
        day=day,
        area_code=city,
        state=Reconciliation.Progress.DONE,
        asked_at=at,
        done_at=at + _MOMENT,
        ours_count=mine.count,
        ours_total=mine.total,
        ours_fund=mine.fund,
        theirs_count=other.count,
        theirs_total=other.total,
        theirs_fund=other.fund,
        differences=int(lacking is not None),
    )
    if lacking is not None:
        row = next(one for one in rows if str(one.id) == lacking.id)
        Difference.objects.create(
            reconciliation=made,
            kind=comparing.Difference.NOT_THERE.value,
            transaction=row,
            institution_code=row.institution_code,
            serial=row.serial,
            ours_total=lacking.total,
            ours_fund=lacking.fund,
        )


# --- the record ---------------------------------------------------------------


def _load_record(actor: Actor, settled: list[Settlement]) -> None:
    put_many(actor, _resources(settled), source="demo")


def _resources(settled: list[Settlement]) -> Iterator[Incoming]:
    taken_back = {row.reverses for row in settled if row.reverses}
    own = [row for row in settled if not row.reverses]
    bills = Bill.objects.in_bulk({row.bill_id for row in own}, field_name="id")
    covers = {UUID(row.working["coverage"]) for row in own}
    for cover in Coverage.objects.filter(pk__in=covers):
        yield Incoming(fhir.coverage(cover), cover.person_id)
    told: set[UUID] = set()
    for row in own:
        if row.bill_id not in told:
            told.add(row.bill_id)
            cover_id = UUID(row.working["coverage"])
            yield next(iter(claims_of(bills[row.bill_id], cover_id)))
        if row.id in taken_back:
            back = fhir.benefit(row, is_taken_back=True)
            yield Incoming(back, row.person_id, row.institution_id)
        else:
            yield from benefits_of(row)
