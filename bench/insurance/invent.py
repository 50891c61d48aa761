"""Invented persons with a year of bills each, the same for the same seed."""

import random
from datetime import date, timedelta

from yilian.insurance.settlement.rules.case import (
    Aid,
    Case,
    CatalogClass,
    Insurance,
    Insured,
    Kind,
    Line,
    Place,
    Referral,
    Scheme,
    Service,
)

YEAR = date(2018, 1, 1)
_STAYS = (Place.PRIMARY, Place.SECONDARY, Place.TERTIARY, Place.OUTSIDE)
_COSTS = {
    Place.VILLAGE: 60,
    Place.PRIMARY: 3_000,
    Place.SECONDARY: 7_000,
    Place.TERTIARY: 18_000,
    Place.OUTSIDE: 30_000,
}


def invented(persons: int, *, seed: int = 1, stays_share: float = 0.3) -> list[Case]:
    """Mostly visits, some stays, chains among them; three charge lines each."""
    dice = random.Random(seed)
    return [_case(dice, str(n), stays_share) for n in range(persons)]


def _case(dice: random.Random, name: str, stays_share: float) -> Case:
    services: list[Service] = []
    day = YEAR + timedelta(days=dice.randrange(40))
    for number in range(dice.randrange(1, 9)):
        day += timedelta(days=dice.randrange(1, 30))
        if dice.random() < stays_share:
            service = _stay(dice, str(number), day, services)
        else:
            service = _visit(dice, str(number), day)
        services.append(service)
        day = service.discharged_on
    return Case(name, _insured(dice), tuple(services))


def _insured(dice: random.Random) -> Insured:
    if dice.random() < 0.2:
        return Insured(Insurance.EMPLOYEE, is_retired=dice.random() < 0.3)
    aid = dice.choice((*Aid, *[None] * 20))
    return Insured(Insurance.RESIDENT, grade=dice.choice((None, "1", "3")), aid=aid)


def _stay(dice: random.Random, name: str, day: date, earlier: list[Service]) -> Service:
    place = dice.choice(_STAYS)
    before = earlier[-1] if earlier else None
    follows = None
    if before and before.kind is Kind.INPATIENT and dice.random() < 0.5:
        follows = before.id
        day = before.discharged_on + timedelta(days=dice.randrange(0, 4))
    referral = dice.choice(tuple(Referral))
    return Service(
        id=name,
        kind=Kind.INPATIENT,
        place=place,
        admitted_on=day,
        discharged_on=day + timedelta(days=dice.randrange(1, 20)),
        lines=_lines(dice, _COSTS[place]),
        referral=referral,
        follows=follows,
        is_voided=dice.random() < 0.01,
    )


def _visit(dice: random.Random, name: str, day: date) -> Service:
    place = dice.choice((Place.VILLAGE, Place.PRIMARY, Place.SECONDARY))
    special = dice.random() < 0.05
    return Service(
        id=name,
        kind=Kind.OUTPATIENT,
        place=place,
        admitted_on=day,
        discharged_on=day,
        lines=_lines(dice, 150),
        scheme=Scheme.SPECIAL_DISEASE if special else Scheme.ORDINARY,
        months=dice.choice((1, 1, 1, 1, 2, 3)),
    )


def _lines(dice: random.Random, yuan: int) -> tuple[Line, ...]:
    """About so many yuan, to the fen."""
    fen = int(yuan * 100 * dice.lognormvariate(0, 0.6))
    b, c = int(fen * dice.uniform(0, 0.4)), int(fen * dice.uniform(0, 0.15))
    return (
        Line(CatalogClass.A, fen - b - c, dice.choice((0, 0, 0, fen // 50))),
        Line(CatalogClass.B, b, 0, dice.choice((None, 100_000, 50_000))),
        Line(CatalogClass.C, c),
    )
