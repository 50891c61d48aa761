"""Suspicions: the facts they are found from, the list to look through, what was
refused."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from yilian.foundation.access.actor import Actor
from yilian.foundation.parameters.queries import value_of
from yilian.insurance.settlement import policies
from yilian.insurance.settlement.models import (
    Anomaly,
    AnomalyRefusal,
    Bill,
    Decision,
    Settlement,
)
from yilian.insurance.settlement.parameters_more import (
    FAKE_DOWN_DAYS,
    REPEAT_DAYS,
    REPEAT_LEAST,
    SPLIT_DAYS,
)
from yilian.insurance.settlement.rules.anomalies import (
    WHY,
    Charged,
    Limits,
    TestLine,
    is_test,
)
from yilian.insurance.settlement.rules.case import Kind, Place
from yilian.insurance.settlement.rules.ledger import (
    SUSPICION_NAMES,
    SUSPICION_STATE_NAMES,
    Standing,
    Suspicion,
    SuspicionState,
)
from yilian.kernel.money import to_fen
from yilian.kernel.names import mask_name
from yilian.kernel.page import Mark, Page, cut, read_mark
from yilian.kernel.text import Text

PAGE: Final = 30
_RANKS: Final = {place.value: rank for rank, place in enumerate(Place)}


@dataclass(frozen=True, slots=True)
class BillLink:
    id: UUID
    number: str


@dataclass(frozen=True, slots=True)
class AnomalyLine:
    id: UUID
    kind: Suspicion
    kind_name: str
    name: str  # masked
    house: str
    why: Text
    bills: list[BillLink]
    amount: Decimal
    refused: Decimal | None
    state: SuspicionState
    state_name: str
    found_at: datetime
    decided_at: datetime | None
    note: str
    person_id: UUID
    may_judge: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """What was refused of whom; for budgets, without persons."""

    anomaly_id: UUID
    kind: str
    institution_id: UUID | None
    insured_area: str
    amount: Decimal
    refused_on: date
    bill_ids: tuple[UUID, ...]


def limits_on(day: date) -> Limits:
    return Limits(
        split_days=value_of(SPLIT_DAYS, day),
        fake_down_days=value_of(FAKE_DOWN_DAYS, day),
        repeat_days=value_of(REPEAT_DAYS, day),
        repeat_least=to_fen(value_of(REPEAT_LEAST, day)),
    )


def anomalies(
    actor: Actor,
    state: SuspicionState,
    kind: Suspicion | None = None,
    cursor: str | None = None,
) -> Page[AnomalyLine]:
    rows = Anomaly.objects.visible_to(actor).filter(state=state.value)
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    mark = read_mark(cursor)
    if mark is not None:
        rows = rows.filter(
            Q(found_at__lt=mark.at) | Q(found_at=mark.at, id__gt=mark.id)
        )
    found = list(
        rows.select_related("person", "institution", "refusal").order_by(
            "-found_at", "id"
        )[: PAGE + 1]
    )
    page = cut(found, PAGE, lambda row: Mark(row.found_at, row.id))
    numbers = _numbers(page.lines)
    return page.each(lambda row: _line(actor, row, numbers))


def count_open(actor: Actor) -> int:
    rows = Anomaly.objects.visible_to(actor)
    return rows.filter(state=SuspicionState.OPEN.value).count()


def refused(area_code: str, start: date, end: date) -> Iterator[Refused]:
    """Of persons insured in the area, decided from `start` up to `end`."""
    rows = AnomalyRefusal.objects.filter(
        insured_area__startswith=area_code, refused_on__gte=start, refused_on__lt=end
    )
    for row in rows.select_related("anomaly").order_by("refused_on", "id").iterator():
        yield Refused(
            row.anomaly_id,
            row.anomaly.kind,
            row.institution_id,
            row.insured_area,
            row.amount,
            row.refused_on,
            tuple(row.anomaly.bills),
        )


# --- facts ------------------------------------------------------------------------


def charged_of(person_ids: Iterable[UUID], since: date) -> dict[UUID, list[Charged]]:
    """By person: everything in force that ended since then."""
    live = Settlement.objects.live().filter(
        person=OuterRef("person"), bill_id=OuterRef("id")
    )
    hop = Decision.objects.filter(
        person=OuterRef("person"),
        bill_id=OuterRef("id"),
        standing=Standing.IN_FORCE.value,
        grants=True,
        referral__isnull=False,
    ).order_by("-decided_at")
    rows = (
        Bill.objects.filter(
            person__in=list(person_ids), discharged_on__gte=since, voided_at=None
        )
        .annotate(
            paid=Subquery(live.values("total")[:1]),
            own=Subquery(live.values("patient_pay")[:1]),
            hop_way=Subquery(hop.values("referral__direction")[:1]),
        )
        .select_related("referral")
        .order_by("person_id", "admitted_on")
    )
    found: dict[UUID, list[Charged]] = {}
    for row in rows.iterator(chunk_size=1000):
        found.setdefault(row.person_id, []).append(_charged(row))
    return found


def _charged(row: Any) -> Charged:
    hop = row.referral
    return Charged(
        bill_id=row.id,
        number=row.number,
        house=row.institution_id,
        rank=_RANKS[row.place],
        is_stay=row.kind == Kind.INPATIENT,
        admitted_on=row.admitted_on,
        discharged_on=row.discharged_on,
        diagnosis=row.diagnosis_code,
        fund=to_fen(row.paid - row.own) if row.paid is not None else 0,
        sent_by=hop.from_institution_id if hop else None,
        referral_id=hop.id if hop else None,
        way=hop.direction if hop else (row.hop_way or ""),
        has_arrived=hop.arrived_at is not None if hop else None,
        tests=_tests(row),
    )


def _tests(row: Bill) -> list[TestLine]:
    return [
        TestLine(
            line.get("item", ""),
            line.get("name", ""),
            date.fromisoformat(line["on"]) if line.get("on") else row.admitted_on,
            to_fen(Decimal(line["amount"])),
        )
        for line in row.lines
        if is_test(line.get("name", ""), line.get("item", ""))
    ]


# --- lines ------------------------------------------------------------------------


def _numbers(rows: Iterable[Anomaly]) -> Mapping[UUID, str]:
    ids = {bill for row in rows for bill in row.bills}
    return dict(Bill.objects.filter(id__in=ids).values_list("id", "number"))


def _line(actor: Actor, row: Anomaly, numbers: Mapping[UUID, str]) -> AnomalyLine:
    kind, state = Suspicion(row.kind), SuspicionState(row.state)
    refusal = getattr(row, "refusal", None)
    return AnomalyLine(
        id=row.id,
        kind=kind,
        kind_name=SUSPICION_NAMES[kind],
        name=mask_name(row.person.name),
        house=row.institution.short_name if row.institution else "",
        why=Text(WHY[kind], row.facts),
        bills=[BillLink(one, numbers[one]) for one in row.bills if one in numbers],
        amount=row.amount,
        refused=refusal.amount if refusal else None,
        state=state,
        state_name=SUSPICION_STATE_NAMES[state],
        found_at=row.found_at,
        decided_at=row.decided_at,
        note=row.note,
        person_id=row.person_id,
        may_judge=state is SuspicionState.OPEN and policies.can_judge(actor, row),
    )
