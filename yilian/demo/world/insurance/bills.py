"""What two years of care cost: each person's insurance and bills.

Stays and visits are those of the history; besides them there are stays from before
the houses joined the record, and some outside the region.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import UUID

from yilian.demo.world.chance import fixed_id, likely, pick, stream
from yilian.demo.world.consortia.bodies import county_lead
from yilian.demo.world.history.model import History, Visit
from yilian.demo.world.history.pen import CHINA
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.institutions.plots import center_code
from yilian.demo.world.insurance import charges
from yilian.demo.world.people.model import Resident
from yilian.demo.world.people.papers import TERTIARY_BY_CITY
from yilian.insurance.settlement.rules.case import Kind, Place, Scheme
from yilian.registry.population.rules import GroupTag
from yilian.resources.reception.rules import EncounterKind

DAYS_BACK: Final = 720
_EXTRA_PERCENT: Final = 21  # who was in hospital once before the record begins
_EXTRA_UNTIL: Final = 110  # days ago: no story has begun
_OUTSIDE_PERCENT: Final = 6  # of those
_RETIRED_FROM: Final = {"1": 60, "2": 55}
_GRADES: Final = {"1": 55, "2": 33, "3": 12}
_AIDS: Final = {
    "dibao": 60,
    "tekun": 12,
    "dibao_edge": 20,
    "poverty_by_illness": 8,
}
_OUTSIDE: Final = ("西安交通大学第一附属医院", "兰州大学第二医院", "北京协和医院")
_FOLLOW_UP_BILLED: Final = 25  # percent; the rest is public health, free of charge
_VISIT_BILLED: Final = 70  # the rest paid by themselves, without their card
_LONG_PERCENT: Final = 12


@dataclass(frozen=True, slots=True)
class PlannedCover:
    """From `starts_on` on; `aid` and `grade` may be ""."""

    insurance: str
    area: str
    starts_on: date
    ends_on: date | None = None
    grade: str = ""
    is_retired: bool = False
    aid: str = ""
    credit: Decimal = Decimal(0)
    has_remote_filing: bool = False


@dataclass(frozen=True, slots=True)
class PlannedBill:
    """`house` is a code, "" outside the region (`outside`)."""

    id: UUID
    number: str
    house: str
    outside: str
    place: Place
    kind: Kind
    scheme: Scheme
    disease: str
    months: int
    admitted_on: date
    discharged_on: date
    ended_at: datetime
    diagnosis: str
    diagnosis_name: str
    lines: list[dict[str, Any]]
    total: Decimal


Illness = tuple[str, str]


def covers(one: Resident, seed: int, today: date) -> list[PlannedCover]:
    """None for who is not insured; two for a few whose group changed this year."""
    if one.insured_type == "none" or one.likely_same_as is not None:
        return []
    rng = stream(seed, "cover", one.id)
    starts_on = date(today.year - 3, 1, 1)
    if one.insured_type == "employee":
        is_retired = one.age_on(today) >= _RETIRED_FROM[one.sex]
        credit = Decimal(rng.randrange(300, 6000))
        return [
            PlannedCover(
                "employee", one.insured_area, starts_on, is_retired=is_retired,
                credit=credit,
            )
        ]  # fmt: skip
    is_poor = any(tag.tag is GroupTag.POVERTY for tag in one.tags)
    aid = pick(rng, _AIDS) if is_poor else ""
    grade = pick(rng, _GRADES)
    filed = likely(rng, 2)
    if aid and likely(rng, 10) and today.month > 1:
        changed_on = date(today.year, 1, 1) + (today - date(today.year, 1, 1)) / 2
        return [
            PlannedCover("resident", one.insured_area, starts_on, changed_on, grade,
                         has_remote_filing=filed),
            PlannedCover("resident", one.insured_area, changed_on, None, grade,
                         aid=aid, has_remote_filing=filed),
        ]  # fmt: skip
    return [
        PlannedCover("resident", one.insured_area, starts_on, None, grade, aid=aid,
                     has_remote_filing=filed)
    ]  # fmt: skip


def bills(
    one: Resident,
    history: History,
    seed: int,
    now: datetime,
    illnesses: Sequence[Illness],
) -> list[PlannedBill]:
    """Of what has ended; `illnesses` are those that people are referred for."""
    rng = stream(seed, "bills", one.id)
    is_resident = one.insured_type == "resident"
    found = list(_of_visits(history.visits, rng, now, is_resident=is_resident))
    extra = _extra_stay(one, history, rng, now, illnesses)
    return [*found, extra] if extra else found


def of_encounter(
    encounter: UUID,
    house: str,
    *,
    kind: Kind,
    started_at: datetime,
    ended_at: datetime,
    illness: Illness,
    seed: int,
    is_resident: bool,
) -> PlannedBill:
    """Of a visit or a stay that a story has told."""
    rng = stream(seed, "bill", encounter)
    scheme, disease = Scheme.ORDINARY, ""
    if kind is Kind.OUTPATIENT:
        scheme, disease = _scheme(illness[0], is_resident=is_resident)
    return _bill(
        encounter, house, rng, kind=kind, scheme=scheme, disease=disease,
        started_at=started_at, ended_at=ended_at, illness=illness,
    )  # fmt: skip


def place_of(house: str) -> Place:
    tier = by_code()[house].tier
    if tier is None:
        raise ValueError(house)
    return Place(tier.value)


def _of_visits(
    visits: Iterable[Visit], rng: Random, now: datetime, *, is_resident: bool
) -> Iterator[PlannedBill]:
    first = now - timedelta(days=DAYS_BACK)
    for visit in visits:
        if visit.ends_at is None or not first < visit.starts_at < now:
            continue
        if not _is_billed(visit, rng):
            continue
        is_stay = visit.kind is EncounterKind.INPATIENT
        illness = (visit.diagnosis, visit.diagnosis_name)
        scheme, disease = Scheme.ORDINARY, ""
        if not is_stay:
            scheme, disease = _scheme(visit.diagnosis, is_resident=is_resident)
        yield _bill(
            visit.id, visit.institution, rng,
            kind=Kind.INPATIENT if is_stay else Kind.OUTPATIENT,
            scheme=scheme, disease=disease, started_at=visit.starts_at,
            ended_at=visit.ends_at, illness=illness,
        )  # fmt: skip


def _is_billed(visit: Visit, rng: Random) -> bool:
    """Check-ups and home visits are public health; nobody is charged."""
    if visit.diagnosis.startswith("Z") or visit.kind is EncounterKind.HOME:
        return False
    if visit.kind is EncounterKind.INPATIENT:
        return True
    return likely(rng, _FOLLOW_UP_BILLED if visit.is_follow_up else _VISIT_BILLED)


def _scheme(diagnosis: str, *, is_resident: bool) -> tuple[Scheme, str]:
    special = {"F20": "severe_mental", "J44": "copd"}.get(diagnosis[:3])
    if special:
        return Scheme.SPECIAL_DISEASE, special
    two = {"I10": "hypertension", "E11": "diabetes"}.get(diagnosis[:3])
    if two and is_resident:
        return Scheme.TWO_DISEASE, two
    return Scheme.ORDINARY, ""


def _extra_stay(
    one: Resident,
    history: History,
    rng: Random,
    now: datetime,
    illnesses: Sequence[Illness],
) -> PlannedBill | None:
    if not illnesses or not likely(rng, _EXTRA_PERCENT):
        return None
    days = rng.randrange(3, 13)
    back = rng.randrange(_EXTRA_UNTIL, DAYS_BACK - 20)
    started_at = (now - timedelta(days=back)).astimezone(CHINA)
    ended_at = started_at + timedelta(days=days)
    if one.born_on > started_at.date() or _is_busy(history, started_at, ended_at):
        return None
    illness = illnesses[rng.randrange(len(illnesses))]
    house = "" if likely(rng, _OUTSIDE_PERCENT) else _house(one, rng)
    return _bill(
        fixed_id("extra stay", one.id), house, rng, kind=Kind.INPATIENT,
        scheme=Scheme.ORDINARY, disease="", started_at=started_at, ended_at=ended_at,
        illness=illness,
    )  # fmt: skip


def _is_busy(history: History, start: datetime, end: datetime) -> bool:
    """In another bed, or at a desk, on one of these days."""
    return any(
        visit.starts_at <= end and (visit.ends_at is None or start <= visit.ends_at)
        for visit in history.visits
    )


def _house(one: Resident, rng: Random) -> str:
    houses: Mapping[str, int] = {
        center_code(one.area_code[:9]): 38,
        county_lead(one.county_code).code: 38,
        TERTIARY_BY_CITY[one.area_code[:4]]: 24,
    }
    return pick(rng, dict(houses))


def _bill(
    bill_id: UUID,
    house: str,
    rng: Random,
    *,
    kind: Kind,
    scheme: Scheme,
    disease: str,
    started_at: datetime,
    ended_at: datetime,
    illness: Illness,
) -> PlannedBill:
    place = place_of(house) if house else Place.OUTSIDE
    admitted_on = started_at.astimezone(CHINA).date()
    is_stay = kind is Kind.INPATIENT
    discharged_on = ended_at.astimezone(CHINA).date() if is_stay else admitted_on
    days = (discharged_on - admitted_on).days
    is_long = not is_stay and scheme is Scheme.ORDINARY and likely(rng, _LONG_PERCENT)
    fen = (
        charges.stay(rng, place, illness[0], days)
        if is_stay
        else (charges.visit(rng, place, scheme))
    )
    head = "ZY" if is_stay else "MZ"
    return PlannedBill(
        id=fixed_id("bill", bill_id),
        number=f"{head}{discharged_on:%y%m%d}{bill_id.hex[-7:].upper()}",
        house=house,
        outside="" if house else _OUTSIDE[rng.randrange(len(_OUTSIDE))],
        place=place,
        kind=kind,
        scheme=scheme,
        disease=disease,
        months=2 if is_long else 1,
        admitted_on=admitted_on,
        discharged_on=discharged_on,
        ended_at=ended_at,
        diagnosis=illness[0],
        diagnosis_name=illness[1],
        lines=charges.lines(fen),
        total=Decimal(sum(line.fen for line in fen)).scaleb(-2),
    )
