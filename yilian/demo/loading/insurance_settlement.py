"""Who is insured how, and the bills of two years, settled one by one.

The history's stays and visits become bills, and so do those that the stories have
told, with their referrals; the engine runs in memory and the rows go in by COPY.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from yilian.care.referral.models import Referral
from yilian.demo.loading.history import Lives, Told
from yilian.demo.loading.insurance_disputes import MOST_VOIDED, Disputes
from yilian.demo.loading.places import institution_id
from yilian.demo.loading.staff import Accounts
from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id, stream
from yilian.demo.world.history.model import History
from yilian.demo.world.history.pen import CHINA
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.insurance.bills import (
    Illness,
    PlannedBill,
    PlannedCover,
    bills,
    covers,
    of_encounter,
)
from yilian.demo.world.people.model import Resident
from yilian.foundation.access.actor import Actor
from yilian.insurance.settlement.models import Bill, Coverage
from yilian.insurance.settlement.queries.casebook import coverages_of
from yilian.insurance.settlement.rules.automatic import Scope
from yilian.insurance.settlement.rules.case import Kind, Place
from yilian.insurance.settlement.rules.deciding import Hop
from yilian.insurance.settlement.rules.ledger import Cause
from yilian.insurance.settlement.services.automatic import (
    asks_a_person,
    hold,
    settle_due,
)
from yilian.insurance.settlement.services.loading import Account, Act, load_many
from yilian.resources.reception.models import Encounter
from yilian.resources.reception.rules import EncounterKind, EncounterState

CATALOGUE: Final = "宁夏 2025 版"
_NEXT_DAY: Final = timedelta(days=1)
_LATE: Final = timedelta(days=75)
_LATE_EVERY: Final = 90  # one of so many persons has a bill that came late
_BUSY: Final = 5  # bills
_DEAR: Final = Decimal(50_000)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the stories have left behind, by person."""

    encounters: Mapping[UUID, list[Encounter]]
    referrals: Mapping[UUID, Referral]
    of_person: Mapping[UUID, list[Referral]]


@dataclass(slots=True)
class _Money:
    """One person's bills, with what a decision will ask."""

    bills: list[Bill] = field(default_factory=list)
    ended_at: dict[UUID, datetime] = field(default_factory=dict)
    hops: dict[UUID, Hop] = field(default_factory=dict)
    sent_by: dict[UUID, UUID] = field(default_factory=dict)


def settle_quiet_lives(
    actor: Actor, lives: Lives, accounts: Accounts, blocks: Iterable[int]
) -> None:
    """After the parameters: of whom no story tells, block by block."""
    for number in blocks:
        quiet = [one for one in lives.residents(number) if one.id not in lives.stories]
        disputes = Disputes.of(lives.region, accounts)
        if number:  # who loads which block is left to chance, what is voided is not
            disputes.voided = MOST_VOIDED
        _settle(actor, lives, quiet, _Told({}, {}, {}), disputes)


def settle_told_lives(actor: Actor, lives: Lives, accounts: Accounts) -> None:
    """After the stories."""
    residents = lives.region.population.residents
    those = [one for one in residents if one.id in lives.stories]
    disputes = Disputes.of(lives.region, accounts)
    disputes.voided = MOST_VOIDED
    _settle(actor, lives, those, _told(), disputes)


def _settle(
    actor: Actor,
    lives: Lives,
    residents: Sequence[Resident],
    told: "_Told",
    disputes: Disputes,
) -> None:
    region = lives.region
    illnesses = {(p.diagnosis_code, p.diagnosis_name) for p in region.referrals}
    writer = _Writer(region, told, disputes, sorted(illnesses))
    pairs = zip(residents, lives.of(residents, Told()), strict=True)
    load_many(actor, writer.accounts(pairs))


@dataclass(frozen=True, slots=True)
class _Writer:
    region: Region
    told: "_Told"
    disputes: Disputes
    illnesses: Sequence[Illness]

    def accounts(self, pairs: Iterable[tuple[Resident, History]]) -> Iterator[Account]:
        """Of those who are insured."""
        seed, now = self.region.seed, self.region.now
        today = now.astimezone(CHINA).date()
        for one, history in pairs:
            plans = covers(one, seed, today)
            if plans:
                planned = bills(one, history, seed, now, self.illnesses)
                money = _money(one, plans, planned, self.told, seed)
                yield self._account(one, plans, money)

    def _account(
        self, one: Resident, plans: Sequence[PlannedCover], money: "_Money"
    ) -> Account:
        now = self.region.now
        account = Account(
            person_id=one.id,
            born_on=one.born_on,
            coverages=[_coverage(one, plan, now) for plan in plans],
            bills=money.bills,
            acts=list(_acts(one, money, now, self.disputes)),
            tags=frozenset(tag.tag.value for tag in one.tags),
            hops=money.hops,
            sent_by=money.sent_by,
        )
        self.disputes.argue(account, now)
        return account


def _coverage(one: Resident, plan: PlannedCover, now: datetime) -> Coverage:
    return Coverage(
        id=fixed_id("coverage", one.id, plan.starts_on),
        person_id=one.id,
        insurance=plan.insurance,
        grade=plan.grade,
        is_retired=plan.is_retired,
        aid=plan.aid,
        area_code=plan.area,
        account_credit=plan.credit,
        has_remote_filing=plan.has_remote_filing,
        period=DateRange(plan.starts_on, plan.ends_on),
        source="参保登记",
        created_at=now,
    )


def _money(
    one: Resident,
    plans: Sequence[PlannedCover],
    planned: Iterable[PlannedBill],
    told: _Told,
    seed: int,
) -> _Money:
    found = _Money()
    for plan in planned:
        _add(found, one, plans, plan)
    is_resident = one.insured_type == "resident"
    for encounter in told.encounters.get(one.id, ()):
        referral = _referral_of(encounter, told)
        if referral is None:
            continue
        plan = _of_encounter(encounter, referral, seed, is_resident=is_resident)
        bill = _add(found, one, plans, plan)
        bill.encounter_id = encounter.id
        if encounter.referral_id is not None:
            _note_way(found, bill, referral)
    return found


def _of_encounter(
    encounter: Encounter, referral: Referral, seed: int, *, is_resident: bool
) -> PlannedBill:
    is_stay = encounter.kind == EncounterKind.INPATIENT
    assert encounter.ended_at is not None, "finished"  # noqa: S101
    return of_encounter(
        encounter.id,
        _codes()[encounter.institution_id],
        kind=Kind.INPATIENT if is_stay else Kind.OUTPATIENT,
        started_at=encounter.started_at,
        ended_at=encounter.ended_at,
        illness=(referral.diagnosis_code, referral.diagnosis_name),
        seed=seed,
        is_resident=is_resident,
    )


def _referral_of(encounter: Encounter, told: _Told) -> Referral | None:
    """That the patient came on, or that was written during the visit."""
    if encounter.referral_id is not None:
        return told.referrals.get(encounter.referral_id)
    written = (
        one
        for one in told.of_person.get(encounter.person_id, ())
        if one.from_institution_id == encounter.institution_id
    )
    return next(written, None)


def _note_way(money: _Money, bill: Bill, referral: Referral) -> None:
    bill.referral_id = referral.id
    money.sent_by[bill.id] = referral.from_institution_id
    money.hops[bill.id] = Hop(
        verdict=str(referral.verdict.get("verdict", "")),
        checks=referral.verdict.get("checks", ()),
        leads_here=referral.to_institution_id == bill.institution_id,
    )


def _add(
    money: _Money, one: Resident, plans: Sequence[PlannedCover], plan: PlannedBill
) -> Bill:
    day = plan.discharged_on
    area = next(c.area for c in plans if not c.ends_on or day < c.ends_on)
    bill = Bill(
        id=plan.id,
        person_id=one.id,
        number=plan.number,
        institution_id=institution_id(plan.house) if plan.house else None,
        outside_name=plan.outside,
        insured_area=area,
        kind=plan.kind.value,
        scheme=plan.scheme.value,
        disease=plan.disease,
        months=plan.months,
        place=plan.place.value,
        admitted_on=plan.admitted_on,
        discharged_on=day,
        diagnosis_code=plan.diagnosis,
        diagnosis_name=plan.diagnosis_name,
        catalogue=CATALOGUE,
        lines=plan.lines,
        total=plan.total,
        posted_at=plan.ended_at + timedelta(minutes=20),
    )
    money.bills.append(bill)
    money.ended_at[bill.id] = plan.ended_at
    return bill


def _acts(
    one: Resident, money: _Money, now: datetime, disputes: Disputes
) -> Iterator[Act]:
    """A visit is settled when it ends, and a stay nobody has to look at; the others by
    a clerk the day after."""
    late = _late_bill(one, money.bills)
    for bill in money.bills:
        at, by = bill.posted_at + timedelta(minutes=2), None
        if not _settles_itself(bill, money.hops.get(bill.id)):
            at, by = _at_the_desk(one, bill), disputes.clerk
        if bill.id == late:
            bill.posted_at += _LATE
            at += _LATE
        if at <= now:
            yield Act(at, bill.id, Cause.SETTLED, by)
    # A bill posted in days to come is not there yet.
    money.bills[:] = [bill for bill in money.bills if bill.posted_at <= now]


def _settles_itself(bill: Bill, hop: Hop | None) -> bool:
    """Nearly as `rules/automatic.py` has it: who is exempt is asked at the desk."""
    if bill.kind != Kind.INPATIENT or bill.place == Place.PRIMARY:
        return bool(bill.total <= _DEAR)
    return hop is not None and hop.leads_here and hop.verdict.startswith("compliant")


def look_at_what_waits() -> None:
    """Bills of the last hours: why they wait for a person, or else they settle."""
    rows = Bill.objects.waiting().select_related("referral").order_by("posted_at", "id")
    for bill in rows:
        covers = coverages_of(bill.person_id).values()
        coverage = next(row for row in covers if bill.discharged_on in row.period)
        why = asks_a_person(bill, coverage, Scope.ALL)
        if why is not None:
            hold(bill, why)
        else:
            Bill.objects.filter(pk=bill.pk).update(settles_itself=True)
    settle_due(timezone.now() + _NEXT_DAY)


def _at_the_desk(one: Resident, bill: Bill) -> datetime:
    rng = stream("desk", one.id, bill.id)
    morning = datetime.combine(bill.discharged_on + _NEXT_DAY, time(9), CHINA)
    return max(
        morning + timedelta(minutes=rng.randrange(420)),
        bill.posted_at + timedelta(minutes=5),
    )


def _late_bill(one: Resident, bills: Sequence[Bill]) -> UUID | None:
    """A few houses send a visit months later: what was settled since changes."""
    visits = [bill for bill in bills if bill.kind == Kind.OUTPATIENT]
    if len(visits) < _BUSY or one.id.int % _LATE_EVERY:
        return None
    return visits[len(visits) // 3].id


def _told() -> _Told:
    referrals = {one.id: one for one in Referral.objects.order_by("created_at")}
    of_person: dict[UUID, list[Referral]] = {}
    for referral in referrals.values():
        of_person.setdefault(referral.person_id, []).append(referral)
    finished = Encounter.objects.filter(
        state=EncounterState.FINISHED.value, institution__tier__isnull=False
    )
    encounters: dict[UUID, list[Encounter]] = {}
    for encounter in finished.order_by("started_at", "id"):
        encounters.setdefault(encounter.person_id, []).append(encounter)
    return _Told(encounters, referrals, of_person)


def _codes() -> dict[UUID, str]:
    if not _CODES:
        _CODES.update({institution_id(code): code for code in by_code()})
    return _CODES


_CODES: Final[dict[UUID, str]] = {}
