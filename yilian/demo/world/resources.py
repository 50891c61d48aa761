"""Beds and appointment slots that the hospitals open, a part of them reserved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from yilian.demo.world.chance import fixed_id
from yilian.demo.world.history.pen import CHINA
from yilian.demo.world.institutions.build import institutions
from yilian.demo.world.institutions.model import Department, Institution
from yilian.kernel.tier import Tier
from yilian.resources.scheduling.rules import Quota

# Not every bed of a ward is kept here: those that may be given to others.
_MOST_BEDS: Final[Mapping[Tier | None, int]] = {
    Tier.TERTIARY: 16,
    Tier.SECONDARY: 10,
    Tier.PRIMARY: 6,
}
_REFERRAL_BED_EVERY: Final = 4
_CONTRACT_BED_AT: Final = 2
_SLOT_TIMES: Final = ((8, 30), (9, 30), (10, 30), (14, 30), (15, 30))
_SLOT_QUOTAS: Final = (
    Quota.REFERRAL,
    Quota.OPEN,
    Quota.CONTRACT,
    Quota.REFERRAL,
    Quota.OPEN,
)
_DAYS_AHEAD: Final = 14
_CORRIDOR: Final = frozenset({"640121-A1", "640104-A1", "640121-A2", "640121104-C1"})
_WITHOUT_CLINIC: Final = frozenset(
    {
        "management",
        "imaging",
        "laboratory",
        "pathology",
        "icu",
        "emergency",
        "public_health",
        "stroke",
        "chest_pain",
        "nursing_care",
    }
)
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class BedPlan:
    """Institution by code, department by key."""

    id: UUID
    institution: str
    department: str
    label: str
    quota: Quota


@dataclass(frozen=True, slots=True)
class SlotPlan:
    id: UUID
    institution: str
    department: str
    quota: Quota
    starts_at: datetime
    ends_at: datetime


def beds() -> Iterator[BedPlan]:
    for institution, department in _departments():
        most = _MOST_BEDS.get(institution.tier, 0)
        for number in range(min(department.beds, most)):
            label = f"{number // 4 + 1:02}-{number % 4 + 1}"
            yield BedPlan(
                fixed_id("bed", institution.code, department.key, label),
                institution.code,
                department.key,
                label,
                _bed_quota(number),
            )


def slots(today: date) -> Iterator[SlotPlan]:
    """Of hospitals, on working days from today; farther in the cast's corridor."""
    for institution, department in _departments():
        is_corridor = institution.code in _CORRIDOR
        if not (is_corridor or institution.is_hospital) or not _sees(department):
            continue
        ahead = _DAYS_AHEAD if is_corridor else _DAYS_AHEAD // 2
        for offset in range(ahead):
            day = today + timedelta(days=offset)
            if day.weekday() < _SATURDAY:
                yield from _day(institution, department, day)


def _sees(department: Department) -> bool:
    """Whether outpatients are booked there."""
    return bool(department.treats) and department.specialty not in _WITHOUT_CLINIC


def _departments() -> Iterator[tuple[Institution, Department]]:
    for institution in institutions():
        if institution.closed_on is None and institution.tier in _MOST_BEDS:
            for department in institution.departments:
                yield institution, department


def _bed_quota(number: int) -> Quota:
    if number % _REFERRAL_BED_EVERY == 0:
        return Quota.REFERRAL
    return Quota.CONTRACT if number == _CONTRACT_BED_AT else Quota.OPEN


def _day(
    institution: Institution, department: Department, day: date
) -> Iterator[SlotPlan]:
    for (hour, minute), quota in zip(_SLOT_TIMES, _SLOT_QUOTAS, strict=True):
        starts_at = datetime.combine(day, time(hour, minute), CHINA)
        yield SlotPlan(
            fixed_id("slot", institution.code, department.key, starts_at),
            institution.code,
            department.key,
            quota,
            starts_at,
            starts_at + timedelta(minutes=20),
        )
