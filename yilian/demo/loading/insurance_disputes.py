"""Late emergencies, appeals in each state, and settlements that were taken back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from yilian.demo.loading.places import institution_id
from yilian.demo.loading.staff import Accounts
from yilian.demo.world.build import Region
from yilian.demo.world.chance import fixed_id, likely, stream
from yilian.insurance.settlement.models import Bill, Decision, Filing
from yilian.insurance.settlement.rules.case import Kind, Place, Referral
from yilian.insurance.settlement.rules.ledger import (
    Cause,
    FilingKind,
    FilingState,
    Source,
    Standing,
)
from yilian.insurance.settlement.services.loading import Account, Act
from yilian.kernel.calendar import add_working_days
from yilian.registry.population.rules import GroupTag, age_on

_EMERGENCIES: Final = ("I21", "I63", "I61", "S72", "K35", "S06", "R07")
_HIGHER: Final = frozenset({Place.SECONDARY, Place.TERTIARY, Place.OUTSIDE})
_ELDERLY, _CHILD = 65, 6
_DECISION_DAYS: Final = 10
MOST_VOIDED: Final = 3
_AREA: Final = "6401"  # the cast's clerk answers for it


@dataclass(frozen=True, slots=True)
class _Course:
    """What becomes of a filing: how it is decided, how long each step takes."""

    kind: FilingKind
    grants: bool
    state: Referral
    filed: timedelta
    decided: timedelta
    confirmed: timedelta
    now_at: FilingState | None = None  # an appeal long after, still under way

    def filed_at(self, settled_at: datetime, now: datetime) -> datetime:
        if self.now_at is None:
            return settled_at + self.filed
        waits = self.decided / 2
        if self.now_at is FilingState.PROPOSED:
            waits = self.decided + self.confirmed / 2
        return max(settled_at + self.filed, now - waits)


@dataclass(slots=True)
class _Outcome:
    bill: Bill
    course: _Course
    filed_at: datetime
    filing: Filing | None = None
    decision: Decision | None = None
    act: Act | None = None


@dataclass(slots=True)
class Disputes:
    """`clerk` and `second` are the two pairs of eyes."""

    clerk: UUID | None
    second: UUID | None
    finance: UUID | None
    house: UUID | None  # where the finance office is
    seed: int
    voided: int = 0

    @classmethod
    def of(cls, region: Region, accounts: Accounts) -> "Disputes":
        found = {
            member.username: accounts[member.practitioner].pk
            for member in region.cast
            if member.practitioner is not None and member.practitioner in accounts
        }
        posts = {post.id: post for post in region.staff.posts}
        finance = next(m for m in region.cast if m.username == "county_finance")
        return cls(
            found["insurance_clerk"],
            found["insurance_supervisor"],
            found["county_finance"],
            institution_id(posts[finance.posts[0]].institution),
            region.seed,
        )

    def argue(self, account: Account, now: datetime) -> None:
        """Adds filings, decisions and acts to a person's account."""
        settled = {act.bill_id: act.at for act in account.acts}
        told = [
            _Outcome(bill, course, course.filed_at(settled[bill.id], now))
            for bill in account.bills
            if bill.id in settled and _is_penalised(bill, account)
            for course in (_course(bill, stream(self.seed, "dispute", bill.id)),)
            if course is not None
        ]
        for one in told:
            self._take(one, now)
        acts = [*account.acts, *(one.act for one in told if one.act)]
        account.acts = [*acts, *self._voids(account, acts, now)]
        account.filings = [one.filing for one in told if one.filing]
        account.decisions = [
            one.decision for one in told if one.decision and not one.act
        ]

    def _take(self, one: "_Outcome", now: datetime) -> None:
        """As far as it has come until now."""
        course = one.course
        if one.filed_at > now:
            return
        one.filing = filing = self._filing(one.bill, course, one.filed_at)
        decided_at = one.filed_at + course.decided
        if decided_at > now:
            return
        one.decision = decision = self._decision(one.bill, course, filing, decided_at)
        confirmed_at = decided_at + course.confirmed
        if confirmed_at > now:
            filing.state = FilingState.PROPOSED.value
            return
        decision.standing = Standing.IN_FORCE.value
        decision.second_at, decision.second_note = confirmed_at, "复核无误。"
        decision.second_by_id = self._other(decision.decided_by_id)
        filing.closed_at = confirmed_at
        state = FilingState.ACCEPTED if course.grants else FilingState.REFUSED
        filing.state = state.value
        if course.grants:
            by = decision.second_by_id
            one.act = Act(
                confirmed_at, one.bill.id, Cause.DECIDED, by, decision=decision
            )

    def _filing(self, bill: Bill, course: _Course, at: datetime) -> Filing:
        is_late = course.kind is FilingKind.LATE_EMERGENCY
        return Filing(
            id=fixed_id("filing", bill.id),
            person_id=bill.person_id,
            bill_id=bill.id,
            institution_id=bill.institution_id,
            insured_area=bill.insured_area,
            kind=course.kind.value,
            reason=_REASONS[course.kind],
            triage_level=1 + bill.id.int % 2 if is_late else None,
            has_rescue_record=is_late and bill.id.int % 3 == 0,
            files=[],
            filed_at=at,
            filed_by_id=self.finance if bill.institution_id == self.house else None,
            due_at=add_working_days(at, _DECISION_DAYS),
        )

    def _decision(
        self, bill: Bill, course: _Course, filing: Filing, at: datetime
    ) -> Decision:
        """The two take turns, so that each finds something to confirm."""
        is_late = course.kind is FilingKind.LATE_EMERGENCY
        first = self.clerk if bill.id.int % 2 else self.second
        outside = bill.place == Place.OUTSIDE
        before = Referral.REMOTE_UNFILED if outside else Referral.NON_COMPLIANT
        return Decision(
            id=fixed_id("decision", filing.id),
            person_id=bill.person_id,
            bill_id=bill.id,
            source=(Source.LATE_FILING if is_late else Source.APPEAL).value,
            referral_state=(course.state if course.grants else before).value,
            reasons=_told(filing),
            filing_id=filing.id,
            grants=course.grants,
            standing=Standing.PROPOSED.value,
            note=_NOTES[course.kind, course.grants],
            decided_at=at,
            decided_by_id=first,
        )

    def _other(self, one: UUID | None) -> UUID | None:
        return self.second if one == self.clerk else self.clerk

    def _voids(self, account: Account, acts: list[Act], now: datetime) -> Iterator[Act]:
        """The first of two stays, so that it is seen what hangs on it."""
        if self.voided >= MOST_VOIDED:
            return
        booked = {act.bill_id for act in acts}
        stays = sorted(
            (b for b in account.bills if b.kind == Kind.INPATIENT and b.id in booked),
            key=lambda b: b.discharged_on,
        )
        if len(stays) < 2 or not stays[0].insured_area.startswith(_AREA):  # noqa: PLR2004
            return
        at = max(act.at for act in acts) + timedelta(days=2, hours=3)
        if at <= now:
            self.voided += 1
            yield Act(
                at, stays[0].id, Cause.VOIDED, self.clerk,
                reason="同一次住院重复上传，原单据作废",
            )  # fmt: skip


_REASONS: Final = {
    FilingKind.LATE_EMERGENCY: "急诊抢救入院，来不及办理转诊，现补交分诊和抢救记录。",
    FilingKind.APPEAL: "入院前已由下级医院开具纸质转诊单，上传时未关联。",
}
_NOTES: Final = {
    (FilingKind.LATE_EMERGENCY, True): "分诊记录和抢救记录齐全，情况属实。",
    (FilingKind.LATE_EMERGENCY, False): "分诊记录为三级，不属于急诊抢救。",
    (FilingKind.APPEAL, True): "纸质转诊单真实有效，入院前开具。",
    (FilingKind.APPEAL, False): "转诊单开具日期晚于入院日期，不予认定。",
}


def _told(filing: Filing) -> list[dict[str, object]]:
    urgent = filing.triage_level in (1, 2)
    return [
        {"key": "triage", "question": "一、二级分诊", "holds": urgent,
         "clause": "RI-4"},
        {"key": "rescue", "question": "有抢救记录",
         "holds": filing.has_rescue_record, "clause": "RI-4"},
    ]  # fmt: skip


def _is_penalised(bill: Bill, account: Account) -> bool:
    """A stay that came without a referral and is not exempt."""
    if bill.kind != Kind.INPATIENT or bill.place not in _HIGHER:
        return False
    hop = account.hops.get(bill.id)
    if hop is not None and hop.verdict != "non_compliant":
        return False
    if bill.place == Place.OUTSIDE:
        return not any(row.has_remote_filing for row in account.coverages)
    is_named = GroupTag.SEVERE_MENTAL.value in account.tags
    return not (is_named or _by_age(account.born_on, bill.admitted_on))


def _by_age(born_on: date | None, day: date) -> bool:
    if born_on is None:
        return False
    age = age_on(born_on, day)
    return age >= _ELDERLY or age <= _CHILD


def _course(bill: Bill, rng: Random) -> _Course | None:
    """Most emergencies are registered in time, a third of the others appeal."""
    filed, decided, confirmed = (
        timedelta(hours=rng.randrange(4, most)) for most in (40, 120, 70)
    )
    outside = bill.place == Place.OUTSIDE
    if bill.diagnosis_code.startswith(_EMERGENCIES) and likely(rng, 75):
        state = Referral.REMOTE_FILED if outside else Referral.EMERGENCY_EXEMPT
        kind = FilingKind.LATE_EMERGENCY
        return _Course(kind, likely(rng, 88), state, filed, decided, confirmed)
    if not likely(rng, 46):
        return None
    state = Referral.REMOTE_FILED if outside else Referral.COMPLIANT_UP
    now_at = None
    if likely(rng, 14):
        now_at = FilingState.OPEN if likely(rng, 55) else FilingState.PROPOSED
    return _Course(
        FilingKind.APPEAL, likely(rng, 74), state, filed, decided, confirmed, now_at
    )
