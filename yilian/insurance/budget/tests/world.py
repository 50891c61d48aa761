"""A county's consortium with its insurer, and a year of invented use."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from yilian.foundation.access.actor import Actor, Role, system_actor
from yilian.insurance.budget import services
from yilian.insurance.budget.models import Pool, UseDay
from yilian.insurance.budget.rules.states import UseKind
from yilian.insurance.budget.services import Terms
from yilian.insurance.policy.rules.files import shipped_set
from yilian.insurance.policy.services.loading import load_released
from yilian.kernel.ids import new_id
from yilian.kernel.money import ZERO
from yilian.registry.consortium.models import Consortium
from yilian.registry.consortium.rules import MemberRole
from yilian.registry.consortium.tests.cast import make_consortium, make_member
from yilian.registry.directory.models import Institution
from yilian.registry.directory.rules import InstitutionKind, Level
from yilian.registry.directory.tests.cast import (
    actor_at,
    make_authority,
    make_institution,
)

AREA = "640121"
YEAR = 2025
HEADS = 300_000
SYSTEM = system_actor("test")


@dataclass(frozen=True)
class Line:
    """What the settlements say of a day."""

    day: date
    institution_id: UUID | None
    basic: Decimal
    kind: str = UseKind.INPATIENT.value
    serious: Decimal = Decimal(0)
    assistance: Decimal = Decimal(0)
    patient: Decimal = Decimal(0)
    count: int = 1

    @property
    def total(self) -> Decimal:
        return self.basic + self.serious + self.assistance + self.patient


SETTLED: list[Line] = []


def daily_use(_area: str, start: date, end: date) -> Iterable[Line]:
    return [line for line in SETTLED if start <= line.day < end]


@dataclass
class World:
    county: Institution
    township: Institution
    village: Institution
    tertiary: Institution  # of the region, outside the consortium
    stranger: Institution
    consortium: Consortium
    clerk: Actor  # of the city's insurer
    supervisor: Actor  # of the region's
    other_clerk: Actor  # of another city's
    office: Actor
    stranger_office: Actor
    finance: Actor
    officer: Actor
    regional_officer: Actor
    doctor: Actor
    pools: list[Pool] = field(default_factory=list)


def make_world() -> World:
    bureau = make_authority("银川市医保局", "640100")
    region = make_authority("自治区医保局", "640000")
    county = make_institution("永宁县人民医院")
    township = make_institution(
        "闽宁镇中心卫生院", InstitutionKind.TOWNSHIP_CENTER, Level.PRIMARY
    )
    village = make_institution(
        "原隆村卫生室", InstitutionKind.VILLAGE_CLINIC, Level.UNRATED
    )
    tertiary = make_institution("宁医大总院", level=Level.TERTIARY, area_code="640104")
    stranger = make_institution("海原县人民医院", area_code="640522")
    consortium = make_consortium()
    make_member(consortium, county, MemberRole.LEAD)
    make_member(consortium, township)
    make_member(consortium, village)
    elsewhere = make_consortium(alias="海原县医共体")
    make_member(elsewhere, stranger, MemberRole.LEAD)
    clerk = actor_at(bureau, Role.INSURER, name="刘芳")
    supervisor = actor_at(region, Role.INSURER, name="丁学礼")
    _release_parameters(clerk, supervisor)
    return World(
        county=county,
        township=township,
        village=village,
        tertiary=tertiary,
        stranger=stranger,
        consortium=consortium,
        clerk=clerk,
        supervisor=supervisor,
        other_clerk=actor_at(make_authority("固原市医保局", "640400"), Role.INSURER),
        office=actor_at(county, Role.CONSORTIUM_OFFICE, name="周海峰"),
        stranger_office=actor_at(stranger, Role.CONSORTIUM_OFFICE),
        finance=actor_at(county, Role.FINANCE, name="苏慧"),
        officer=actor_at(make_authority("银川市卫健委", "640100"), Role.OFFICER),
        regional_officer=actor_at(
            make_authority("自治区卫健委", "640000"), Role.OFFICER
        ),
        doctor=actor_at(county, Role.PHYSICIAN),
    )


def terms(heads: int = HEADS, **changed: Any) -> Terms:
    return Terms(
        heads=heads, reason="年度核定", source="演示文件〔2024〕1号", **changed
    )


def opened(world: World, year: int = YEAR, heads: int = HEADS, **facts: Any) -> Pool:
    """Proposed by the city, released by the region."""
    pool = services.open_pool(
        world.clerk,
        key=new_id(),
        consortium_id=world.consortium.pk,
        area_code=AREA,
        year=year,
        terms=terms(heads, **facts),
    )
    services.release_revision(world.supervisor, pool.revisions.get().pk)
    return pool


def used(
    pool: Pool,
    institution: Institution | None,
    yuan: int | str,
    day: date | None = None,
    *,
    inside: bool = False,
    kind: UseKind = UseKind.INPATIENT,
) -> UseDay:
    return UseDay.objects.create(
        pool=pool,
        day=day or date(pool.year, 6, 1),
        institution=institution,
        is_inside=inside,
        kind=kind.value,
        basic=Decimal(yuan),
        serious=ZERO,
        assistance=ZERO,
        patient=ZERO,
        total=Decimal(yuan),
        cases=1,
    )


def settled(*lines: Line) -> None:
    SETTLED.extend(lines)


def scored(world: World, pool: Pool, value: str = "92") -> None:
    services.set_score(
        world.clerk, pool.pk, key=new_id(), value=Decimal(value), source="年度考核"
    )


def _release_parameters(clerk: Actor, supervisor: Actor) -> None:
    assert clerk.account_id is not None
    assert supervisor.account_id is not None
    load_released(
        SYSTEM,
        shipped_set("NX-DEMO-2018"),
        effective_from=date(2018, 1, 1),
        drafted_by=clerk.account_id,
        reviewed_by=supervisor.account_id,
        released_by=supervisor.account_id,
        at=datetime(2017, 12, 1, tzinfo=UTC),
    )
