"""What is shown of an institution in a list or beside a name."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from yilian.kernel.tier import Tier
from yilian.registry.directory.models import Institution
from yilian.registry.directory.rules import Grade, InstitutionKind, Level, Sponsor


@dataclass(frozen=True, slots=True)
class InstitutionLine:
    """An institution in a list or beside a name."""

    id: UUID
    code: str
    name: str
    legal_name: str
    kind: InstitutionKind
    tier: Tier | None
    level: Level
    grade: Grade
    sponsor: Sponsor
    area_code: str
    address: str
    phone: str
    referral_phone: str
    longitude: Decimal | None
    latitude: Decimal | None
    services: tuple[str, ...]
    opened_on: date | None
    closed_on: date | None

    def is_open_on(self, day: date) -> bool:
        return self.closed_on is None or self.closed_on > day


def institution_line(institution_id: UUID) -> InstitutionLine | None:
    return institution_lines([institution_id]).get(institution_id)


@dataclass(slots=True)
class _Remembered:
    """What was read of institutions in the last `SECONDS`; other processes' changes
    are seen within them, those of this one at once."""

    until: float = 0.0
    lines: dict[UUID, InstitutionLine] = field(default_factory=dict)


SECONDS: Final = 1.0
_remembered = _Remembered()


def institution_lines(ids: Iterable[UUID]) -> dict[UUID, InstitutionLine]:
    """One statement, however many; none for those read a moment ago."""
    wanted, lines = set(ids), _lines_kept()
    unknown = wanted - lines.keys()
    if unknown:
        rows = Institution.objects.filter(pk__in=unknown)
        lines.update({row.pk: line_of(row) for row in rows})
    return {key: lines[key] for key in wanted if key in lines}


def forget_lines() -> None:
    """The next question asks the database again."""
    _remembered.until = 0.0


def _lines_kept() -> dict[UUID, InstitutionLine]:
    now = time.monotonic()
    if now >= _remembered.until:
        # A new one: who reads just now writes what may be stale into the old.
        _remembered.lines, _remembered.until = {}, now + SECONDS
    return _remembered.lines


def line_of(row: Institution) -> InstitutionLine:
    return InstitutionLine(
        id=row.pk,
        code=row.code,
        name=row.short_name,
        legal_name=row.legal_name,
        kind=InstitutionKind(row.kind),
        tier=Tier(row.tier) if row.tier else None,
        level=Level(row.level),
        grade=Grade(row.grade),
        sponsor=Sponsor(row.sponsor),
        area_code=row.area_code,
        address=row.address,
        phone=row.phone,
        referral_phone=row.referral_phone,
        longitude=row.longitude,
        latitude=row.latitude,
        services=tuple(row.services),
        opened_on=row.opened_on,
        closed_on=row.closed_on,
    )
