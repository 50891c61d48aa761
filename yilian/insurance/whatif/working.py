"""A scenario worked out over the settlements of an area's year, batch by batch.

Only the worker imports this: it needs NumPy. Each person's year is put together from
the bills and the settlements in force; "today" is settled anew too, so that both
sides stand on the same ground.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

import numpy as np
from django.db.models import QuerySet

from yilian.foundation.access.forms import said
from yilian.insurance.policy.queries import version
from yilian.insurance.settlement.models import Bill, Settlement
from yilian.insurance.settlement.queries.casebook import service_of
from yilian.insurance.settlement.rules.case import (
    Aid,
    Case,
    Insurance,
    Insured,
    Referral,
    Service,
)
from yilian.insurance.whatif import freezing
from yilian.insurance.whatif.engine.from_cases import from_cases
from yilian.insurance.whatif.engine.population import Numbers
from yilian.insurance.whatif.models import Scenario as Row
from yilian.insurance.whatif.regional import Trial, try_out
from yilian.insurance.whatif.report import report
from yilian.insurance.whatif.scenario import Scenario
from yilian.insurance.whatif.services import making
from yilian.kernel.errors import DomainError
from yilian.kernel.text import _
from yilian.registry.directory.queries import institution_lines

BATCH: Final = 20_000  # persons
_CHUNK: Final = 2_000

logger = logging.getLogger(__name__)


def run(scenario_id: UUID) -> None:
    """Begun anew, it gives the same."""
    row = making.begin(scenario_id)
    if row is None:
        return
    try:
        making.finish(row.id, worked_out(row))
    except DomainError as error:
        making.fail(row.id, said(error.text))
    except ValueError:
        logger.exception("scenario %s", row.id)
        making.fail(row.id, said(_("这些结算不能放在一起试算，请报告系统管理员。")))


def worked_out(row: Row) -> dict[str, object]:
    today = version(row.base_id)
    scenario = Scenario(row.name, row.changes, row.elasticity)
    houses = Houses()
    whole, persons, services = Trial(), 0, 0
    ids = _persons(row)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        cases, numbers = _cases(row, batch, houses)
        whole.add(try_out(from_cases(cases), today, scenario, numbers))
        persons += len(batch)
        services += len(numbers)
        making.advance(row.id, 100 * (start + len(batch)) // len(ids))
    return freezing.frozen(report(whole), houses.names()) | {
        "persons": persons,
        "services": services,
    }


@dataclass(slots=True)
class Houses:
    """Institutions as numbers; 0 is outside the region."""

    found: dict[UUID | None, int] = field(default_factory=lambda: {None: 0})

    def number(self, house: UUID | None) -> int:
        return self.found.setdefault(house, len(self.found))

    def names(self) -> list[str]:
        known = institution_lines([one for one in self.found if one is not None])
        return [
            freezing.OUTSIDE if house is None else known[house].name
            for house in self.found
        ]


def _settlements(row: Row) -> QuerySet[Settlement]:
    return Settlement.objects.live().filter(
        insured_area__startswith=row.area_code,
        discharged_on__gte=date(row.year, 1, 1),
        discharged_on__lt=date(row.year + 1, 1, 1),
    )


def _persons(row: Row) -> list[UUID]:
    found = _settlements(row).order_by("person_id").values_list("person_id", flat=True)
    return list(found.distinct())


def _cases(row: Row, persons: list[UUID], houses: Houses) -> tuple[list[Case], Numbers]:
    cases: list[Case] = []
    numbers: list[int] = []
    for start in range(0, len(persons), _CHUNK):
        for case, at in _of_chunk(row, persons[start : start + _CHUNK], houses):
            cases.append(case)
            numbers += at
    return cases, np.array(numbers, np.int32)


def _of_chunk(
    row: Row, persons: list[UUID], houses: Houses
) -> Iterator[tuple[Case, list[int]]]:
    """One case for a person as they were insured then."""
    settled = _settlements(row).filter(person__in=persons).defer("working")
    rows = list(settled.order_by("person_id", "discharged_on", "sequence"))
    bills = Bill.objects.filter(person__in=persons).in_bulk(
        [one.bill_id for one in rows], field_name="id"
    )
    grouped: dict[tuple[UUID, Insured], list[Settlement]] = {}
    for one in rows:
        grouped.setdefault((one.person_id, _insured(one)), []).append(one)
    for (person_id, insured), own in grouped.items():
        known = {one.bill_id for one in own}
        services = [_service(one, bills[one.bill_id], known) for one in own]
        numbers = [houses.number(one.institution_id) for one in own]
        yield Case(str(person_id), insured, services), numbers


def _service(row: Settlement, bill: Bill, known: set[UUID]) -> Service:
    referral = Referral(row.referral_state) if row.referral_state else None
    follows = row.follows if row.follows in known else None
    return service_of(bill, referral, follows)


def _insured(row: Settlement) -> Insured:
    return Insured(
        insurance=Insurance(row.insurance),
        grade=row.grade or None,
        is_retired=row.is_retired,
        aid=Aid(row.aid) if row.aid else None,
    )
