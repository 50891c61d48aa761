"""Last year's pools, cleared or nearly, and this year's, running until today."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.utils import timezone

from yilian.demo.loading.insurance_budget_clearings import (
    OVERCHARGED,
    Desk,
    at,
    load_clearing,
)
from yilian.demo.loading.places import institution_id
from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id, stream
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.insurance.pools import PLANS, Plan, heads_of, invented_use
from yilian.demo.world.people.cast import COUNTY
from yilian.foundation.access.actor import Actor
from yilian.foundation.identity.models import Account
from yilian.insurance.budget.models import (
    Advance,
    IncomeEntry,
    PointsEntry,
    Pool,
    PoolRevision,
    Refusal,
    Score,
    SubsidyEntry,
    UseDay,
)
from yilian.insurance.budget.ports import daily_use
from yilian.insurance.budget.rules.states import (
    Finding,
    PointKind,
    RevisionState,
)
from yilian.insurance.budget.rules.terms import kept_of
from yilian.insurance.budget.services.collecting import collect_refusals
from yilian.insurance.budget.services.ledgers import unsaved_income, unsaved_subsidy
from yilian.insurance.budget.services.loading import load_many
from yilian.insurance.budget.services.pools import Terms, unsaved_revision
from yilian.insurance.budget.services.rolling import costs_of, unsaved
from yilian.insurance.policy.rules.files import shipped_set
from yilian.kernel.money import ZERO
from yilian.registry.directory.models import Institution
from yilian.registry.directory.rules import InstitutionKind, Sponsor

_SET: Final = shipped_set("NX-DEMO-2018")
_CENT: Final = Decimal("0.01")
_PREMIUM, _RESERVE = Decimal(80), Decimal("0.05")
_GROWTH: Final = Decimal("1.06")
_GIVES: Final = (InstitutionKind.GENERAL_HOSPITAL, InstitutionKind.TOWNSHIP_CENTER)


def load_budgets(
    actor: Actor, region: Region, accounts: Mapping[UUID, Account]
) -> None:
    desk = _desk(region, accounts)
    today = timezone.localdate()
    for plan in PLANS:
        heads = heads_of(region, plan.area)
        if heads:
            _load_plan(actor, region, desk, plan, today)
    _load_ledgers(actor, region, desk, today)


def _load_plan(
    actor: Actor, region: Region, desk: Desk, plan: Plan, today: date
) -> None:
    last, this = (
        _pool(region, desk, plan, year) for year in (today.year - 1, today.year)
    )
    before = _days(region, last, date(today.year, 1, 1))
    running = _days(region, this, today)
    used = sum((row.basic for row in before), ZERO)
    if not used:  # nothing was settled before this year
        used = (
            sum((row.basic for row in running), ZERO) * 365 / today.timetuple().tm_yday
        )
    heads = heads_of(region, plan.area)
    standard = _standard(used * plan.room, heads)
    old = _revision(last, desk, heads, standard)
    new = _revision(this, desk, heads, (standard * _GROWTH).quantize(Decimal(1)))
    load_many(
        actor,
        pools=[last, this],
        revisions=[old, new],
        days=[*before, *running],
        advances=[*_advances(old, desk, 12), *_advances(new, desk, today.month)],
        refusals=[
            *_refusals(region, last, desk, used), *_refusals(region, this, desk, used),
        ],
        scores=[_score(last, desk, plan.score)],
    )  # fmt: skip
    collect_refusals(actor, this)
    if before:
        load_clearing(actor, desk, plan, last, old)


def _days(region: Region, pool: Pool, end: date) -> list[UseDay]:
    """What was settled; invented where nothing was."""
    start = date(pool.year, 1, 1)
    settled = list(daily_use()(pool.area_code, start, end))
    rows = settled or invented_use(region, pool.area_code, pool.year, end)
    days = []
    for place, cost in costs_of(pool, rows).items():
        row = unsaved(pool, place, cost)
        row.id = fixed_id("use", pool.pk, *place)
        days.append(row)
    return days


def _pool(region: Region, desk: Desk, plan: Plan, year: int) -> Pool:
    body = next(one for one in region.consortia if one.code == f"CO-{plan.area}")
    return Pool(
        id=fixed_id("pool", plan.area, year),
        consortium_id=body.id,
        area_code=plan.area,
        year=year,
        opened_by_id=desk.clerk,
        opened_at=at(year - 1, 12, 10),
    )


def _revision(pool: Pool, desk: Desk, heads: int, standard: Decimal) -> PoolRevision:
    terms = Terms(
        heads=heads,
        reason="年度核定，按演示居民中的参保人",
        source=f"演示：医保发〔{pool.year - 1}〕{pool.area_code[-2:]}号",
        per_capita=standard,
    )
    starts_on = date(pool.year, 1, 1)
    kept = kept_of(_SET.on(starts_on), terms.changed(), terms.source)
    row = unsaved_revision(pool, 1, starts_on, terms, kept)
    row.id = fixed_id("pool revision", pool.pk)
    row.state = RevisionState.RELEASED.value
    row.proposed_by_id, row.decided_by_id = desk.clerk, desk.supervisor
    row.proposed_at, row.decided_at = (
        at(pool.year - 1, 12, 10),
        at(pool.year - 1, 12, 18),
    )
    return row


def _standard(available: Decimal, heads: int) -> Decimal:
    """The standard a head, in whole yuan, that leaves so much available."""
    each = available / heads / (1 - _RESERVE) + _PREMIUM
    return each.quantize(Decimal(1))


def _advances(revision: PoolRevision, desk: Desk, months: int) -> list[Advance]:
    pool = revision.pool
    return [
        Advance(
            id=fixed_id("advance", pool.pk, month),
            pool=pool,
            revision=revision,
            month=month,
            amount=revision.monthly_advance,
            due=revision.monthly_advance,
            paid_on=date(pool.year, month, 5),
            evidence=f"YF{pool.year}{month:02d}{pool.area_code[-2:]}",
            by_id=desk.clerk,
            at=at(pool.year, month, 5),
        )
        for month in range(1, months + 1)
        if date(pool.year, month, 5) <= timezone.localdate()
    ]


def _refusals(region: Region, pool: Pool, desk: Desk, used: Decimal) -> list[Refusal]:
    facts = (
        (Finding.REFUSED, "0.0030", "分解住院：同一疾病 3 天内两次入院", 5),
        (Finding.REFUSED, "0.0017", OVERCHARGED, 8),
        (Finding.AVOIDABLE_OUTFLOW, "0.0060", "县内能治的病种未经评估外转", 9),
    )
    leads = [
        one.institution for one in region.memberships
        if one.consortium == f"CO-{pool.area_code}" and one.role == "lead"
    ]  # fmt: skip
    return [
        Refusal(
            id=fixed_id("refusal", pool.pk, month),
            pool=pool,
            institution_id=institution_id(leads[0]),
            finding=finding.value,
            found_on=date(pool.year, month, 18),
            amount=max(_CENT, (used * Decimal(part)).quantize(_CENT)),
            reason=reason,
            evidence=f"稽核〔{pool.year}〕{month}号",
            by_id=desk.clerk,
            at=at(pool.year, month, 18),
        )
        for finding, part, reason, month in facts
        if date(pool.year, month, 18) <= timezone.localdate()
    ]


def _score(pool: Pool, desk: Desk, value: str) -> Score:
    return Score(
        id=fixed_id("score", pool.pk),
        pool=pool,
        value=Decimal(value),
        source=f"{pool.year} 年度医联体绩效考核",
        guards=[],
        by_id=desk.clerk,
        at=at(pool.year + 1, 1, 25),
    )


# --- subsidies, income, points -------------------------------------------------


def _load_ledgers(actor: Actor, region: Region, desk: Desk, today: date) -> None:
    load_many(
        actor,
        subsidies=_subsidies(region, desk, today.year - 1),
        incomes=_incomes(desk, today),
        points=_points(region, desk, today),
    )


def _subsidies(region: Region, desk: Desk, year: int) -> list[SubsidyEntry]:
    """Of the city's public hospitals and township centres."""
    rows = []
    for one in region.institutions:
        is_meant = one.kind in _GIVES and one.sponsor is Sponsor.GOVERNMENT
        if not is_meant or not one.area_code.startswith("6401"):
            continue
        rng = stream(region.seed, "subsidy", one.code)
        is_hospital = one.kind is InstitutionKind.GENERAL_HOSPITAL
        base = Decimal(rng.randint(180, 420) if is_hospital else rng.randint(18, 60))
        house = Institution(
            id=one.id, area_code=one.area_code, funding_channel=one.funding_channel
        )
        row = unsaved_subsidy(
            house, year, base * 10_000, Decimal(rng.randint(560, 985)) / 10
        )
        row.id = fixed_id("subsidy", one.code, year)
        row.assessment = f"{year} 年度绩效考核"
        row.evidence = f"演示：财社〔{year + 1}〕12号"
        row.by_id, row.at = desk.officer, at(year + 1, 4, 15)
        rows.append(row)
    return rows


def _incomes(desk: Desk, today: date) -> list[IncomeEntry]:
    code = by_code()[COUNTY]
    house = Institution(id=code.id, area_code=code.area_code)
    rows = []
    for month in _months_before(today, 6):
        rng = stream("income", month)
        income = Decimal(rng.randint(310_000, 380_000)) * 10
        cost = (income * rng.randint(80, 88) / 100).quantize(_CENT)
        row = unsaved_income(house, month, income, cost)
        row.id = fixed_id("income", code.code, month)
        row.evidence = f"财务报表 {month:%Y-%m}"
        row.by_id, row.at = desk.finance, at(month.year, month.month, 28)
        rows.append(row)
    return rows


def _points(region: Region, desk: Desk, today: date) -> list[PointsEntry]:
    posts = [post for post in region.staff.posts if post.institution == COUNTY]
    people = list(dict.fromkeys(post.practitioner for post in posts))[:24]
    grounds = {
        PointKind.DUTY: ("岗位系数", 60, 100),
        PointKind.RESULT: ("门诊住院工作量和质量", 20, 80),
        PointKind.CONTRIBUTION: ("到乡镇坐诊、带教和下转随访", 5, 40),
    }
    rows = []
    for month in _months_before(today, 2):
        for who in people:
            rng = stream("points", who, month)
            for kind, (ground, least, most) in grounds.items():
                rows.append(
                    PointsEntry(
                        id=fixed_id("points", who, month, kind),
                        institution_id=institution_id(COUNTY),
                        practitioner_id=who,
                        month=month,
                        kind=kind.value,
                        points=Decimal(rng.randint(least * 10, most * 10)) / 10,
                        ground=ground,
                        by_id=desk.finance,
                        at=at(month.year, month.month, 28),
                    )
                )
    return rows


def _months_before(today: date, number: int) -> list[date]:
    count = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(count - number, count)]


def _desk(region: Region, accounts: Mapping[UUID, Account]) -> Desk:
    people = {member.username: member.practitioner for member in region.cast}

    def account(username: str) -> UUID | None:
        practitioner = people.get(username)
        found = accounts.get(practitioner) if practitioner else None
        return found.pk if found else None

    return Desk(
        clerk=account("insurance_clerk"),
        supervisor=account("insurance_supervisor"),
        office=account("consortium_office"),
        officer=account("city_officer"),
        finance=account("county_finance"),
    )
