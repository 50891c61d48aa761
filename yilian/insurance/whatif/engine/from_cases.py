"""Columns of cases, for comparing the engines and for small populations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from yilian.insurance.settlement.rules.case import (
    Case,
    Insurance,
    Insured,
    Service,
)
from yilian.insurance.settlement.rules.terms import group_of
from yilian.insurance.whatif.engine.population import (
    CLASSES,
    KINDS,
    NONE,
    PLACES,
    REFERRALS,
    SCHEMES,
    USED,
    Lines,
    Persons,
    Population,
    Who,
    day_number,
)


def from_cases(cases: Sequence[Case]) -> Population:
    """One person each; the services in the order of their cases."""
    services = [service for case in cases for service in case.services]
    lines = [line for service in services for line in service.lines]
    counts = [len(service.lines) for service in services]
    diseases = sorted({s.disease for s in services if s.disease is not None})
    return Population(
        persons=_persons(cases),
        person=np.repeat(
            np.arange(len(cases), dtype=np.int32), [len(c.services) for c in cases]
        ),
        kind=_codes(KINDS.index(s.kind) for s in services),
        scheme=_codes(SCHEMES.index(s.scheme) for s in services),
        place=_codes(PLACES.index(s.place) for s in services),
        referral=_codes(
            NONE if s.referral is None else REFERRALS.index(s.referral)
            for s in services
        ),
        admitted=_days(s.admitted_on for s in services),
        discharged=_days(s.discharged_on for s in services),
        follows=np.array(_followed(cases), np.int32),
        voided=np.array([s.is_voided for s in services], np.bool_),
        months=_codes(s.months for s in services),
        disease=_codes(_place_in(diseases, s) for s in services),
        diseases=tuple(diseases),
        first_line=np.concatenate(([0], np.cumsum(counts, dtype=np.int64))),
        lines=Lines(
            catalog_class=_codes(CLASSES.index(line.catalog_class) for line in lines),
            amount=np.array([line.amount for line in lines], np.int64),
            over_limit=np.array([line.over_limit for line in lines], np.int64),
            rate=np.array(
                [
                    NONE
                    if line.self_pay_first_rate is None
                    else line.self_pay_first_rate
                    for line in lines
                ],
                np.int32,
            ),
            day=_days(line.on for line in lines),
        ),
    )


def _persons(cases: Sequence[Case]) -> Persons:
    keys = [_who(case.insured) for case in cases]
    whos = list(dict.fromkeys(keys))
    place: Mapping[Who, int] = {who: n for n, who in enumerate(whos)}
    return Persons(
        whos=tuple(whos),
        who=_codes(place[key] for key in keys),
        born_on=_days(case.insured.born_on for case in cases),
        balance=np.array([_balance(case.insured) for case in cases], np.int64),
        used=np.array(
            [[getattr(case.used, name) for name in USED] for case in cases], np.int64
        ).reshape(len(cases), len(USED)),
        used_year=np.array([case.used.year or 0 for case in cases], np.int32),
    )


def _who(insured: Insured) -> Who:
    return Who(insured.insurance, group_of(insured), insured.aid)


def _balance(insured: Insured) -> int:
    is_employee = insured.insurance is Insurance.EMPLOYEE
    return insured.account_balance if is_employee else 0


def _followed(cases: Sequence[Case]) -> list[int]:
    found: list[int] = []
    for case in cases:
        place = {s.id: len(found) + n for n, s in enumerate(case.services)}
        found += [
            NONE if s.follows is None else place[s.follows] for s in case.services
        ]
    return found


def _place_in(diseases: Sequence[str], service: Service) -> int:
    return NONE if service.disease is None else diseases.index(service.disease)


def _codes(values: Iterable[int]) -> Any:
    return np.fromiter(values, np.int8)


def _days(days: Iterable[Any]) -> Any:
    return np.fromiter((day_number(day) for day in days), np.int32)
