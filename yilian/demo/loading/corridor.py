"""The plans as they are played, with what the cast finds on its desks this morning.

The world tells the region; a few scenes more stand in the corridor from Minning town
over Yongning county up to Yinchuan: an emergency that came minutes ago, one that has
nearly run out of time, somebody on the way, a follow-up that is due.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import NEXT, State, Step
from yilian.demo.world.build import Region
from yilian.demo.world.chance import stream
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.people.cast import COUNTY, TERTIARY, TOWNSHIP, VILLAGE_CLINIC
from yilian.demo.world.people.model import Post, Resident
from yilian.demo.world.people.residents import CAST_RESIDENT
from yilian.demo.world.referrals.cases.down import DOWN
from yilian.demo.world.referrals.cases.model import Case
from yilian.demo.world.referrals.cases.up import UP
from yilian.demo.world.referrals.model import PlannedReferral, PlannedStep
from yilian.foundation.access.actor import Role
from yilian.kernel.calendar import CHINA, is_working_day
from yilian.kernel.tier import direction, skips

# Whose whole staff has accounts.
HOUSES: Final = (VILLAGE_CLINIC, TOWNSHIP, COUNTY, TERTIARY)
_TOWN: Final = "640121104"
_COUNTY_AREA: Final = "640121"
_CAST_HOUSEHOLD: Final = 0
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_CASES: Final = {case.key: case for case in (*UP, *DOWN)}
_WORDS: Final = {"sbp": "188", "dbp": "116", "glucose": "11.8", "days": "6"}
_SENDERS: Final = frozenset(
    {Step.SUBMIT, Step.ANSWER_INFO, Step.DEPART, Step.REQUEST_CANCEL}
)
_DOCTORS: Final = frozenset({Step.ADMIT, Step.FINISH_CARE, Step.COMPLETE})
# Nobody leaves an emergency lying so long: it came just now, or is a breach by now.
_STALE: Final = {
    Urgency.STAT: (45, (13, 40)),
    Urgency.URGENT: (30 * _HOUR, (20 * _HOUR, 30 * _HOUR)),
}

Took = tuple[Step, int]  # and how many minutes ago


@dataclass(frozen=True, slots=True)
class Scene:
    """`drafted` and the steps in minutes before now."""

    case: str
    source: str
    department: str
    target: str
    urgency: Urgency
    drafted: int
    steps: tuple[Took, ...]
    who: UUID | None = None
    declined: str = ""


SCENES: Final = (
    Scene("hypertension-danger", TOWNSHIP, "general", COUNTY, Urgency.STAT, 9,
          ((Step.SUBMIT, 4),)),
    Scene("copd", TOWNSHIP, "general", COUNTY, Urgency.URGENT, 64,
          ((Step.SUBMIT, 55),)),
    Scene("fracture", TOWNSHIP, "general", COUNTY, Urgency.URGENT, 23 * _HOUR + 34,
          ((Step.SUBMIT, 23 * _HOUR + 20),)),
    Scene("resistant-hypertension", VILLAGE_CLINIC, "general", TOWNSHIP,
          Urgency.ROUTINE, 52, ((Step.SUBMIT, 40),)),
    Scene("diabetes-uncontrolled", TOWNSHIP, "general", COUNTY, Urgency.ROUTINE,
          30 * _HOUR,
          ((Step.SUBMIT, 29 * _HOUR), (Step.ACCEPT, 22 * _HOUR),
           (Step.SCHEDULE, 21 * _HOUR))),
    Scene("acs", COUNTY, "cardiology", TERTIARY, Urgency.STAT, 74,
          ((Step.SUBMIT, 70), (Step.ACCEPT, 64), (Step.SCHEDULE, 60),
           (Step.DEPART, 45))),
    Scene("acs", COUNTY, "cardiology", TERTIARY, Urgency.STAT, 3 * _DAY + 80,
          ((Step.SUBMIT, 3 * _DAY + 76), (Step.ACCEPT, 3 * _DAY + 71),
           (Step.SCHEDULE, 3 * _DAY + 69), (Step.DEPART, 3 * _DAY + 60),
           (Step.ARRIVE, 3 * _DAY), (Step.ADMIT, 3 * _DAY - 20))),
    Scene("hypertension-stable", COUNTY, "cardiology", TOWNSHIP, Urgency.ROUTINE,
          9 * _DAY,
          ((Step.SUBMIT, 9 * _DAY - 20), (Step.ACCEPT, 8 * _DAY + 200),
           (Step.SCHEDULE, 8 * _DAY + 190), (Step.DEPART, 7 * _DAY + 300),
           (Step.ARRIVE, 7 * _DAY - 60), (Step.ADMIT, 7 * _DAY - 80))),
    Scene("hypertension-stable", TOWNSHIP, "general", VILLAGE_CLINIC,
          Urgency.ROUTINE, 3 * _HOUR, ((Step.SUBMIT, 2 * _HOUR),)),
    Scene("diabetes-stable", COUNTY, "endocrinology", TOWNSHIP, Urgency.ROUTINE,
          5 * _HOUR, ((Step.SUBMIT, 4 * _HOUR),)),
    Scene("diabetes-uncontrolled", TOWNSHIP, "general", COUNTY, Urgency.ROUTINE,
          3 * _DAY, ((Step.SUBMIT, 3 * _DAY - 30), (Step.DECLINE, 2 * _DAY)),
          declined="incomplete"),
    Scene("resistant-hypertension", TOWNSHIP, "general", COUNTY, Urgency.ROUTINE,
          61 * _DAY,
          ((Step.SUBMIT, 61 * _DAY - 15), (Step.ACCEPT, 60 * _DAY),
           (Step.SCHEDULE, 60 * _DAY - 20), (Step.DEPART, 59 * _DAY),
           (Step.ARRIVE, 59 * _DAY - 120), (Step.ADMIT, 59 * _DAY - 150),
           (Step.FINISH_CARE, 54 * _DAY), (Step.COMPLETE, 54 * _DAY - 90)),
          who=CAST_RESIDENT),
)  # fmt: skip


def arranged(region: Region) -> list[PlannedReferral]:
    """The world's plans, none of them stale, and the scenes for whom there is a
    person. In a small region a scene takes somebody whose own story is over."""
    rng = stream(region.seed, "corridor")
    plans = [_fresh(plan, region.now, rng) for plan in region.referrals]
    scenes = list(_staged(region, plans, rng))
    staged = {plan.person for plan in scenes}
    return [*(plan for plan in plans if plan.person not in staged), *scenes]


def _fresh(plan: PlannedReferral, now: datetime, rng: Random) -> PlannedReferral:
    if (
        plan.ends_in is not State.SUBMITTED
        or plan.urgency not in _STALE
        or plan.follows
    ):
        return plan
    most, span = _STALE[plan.urgency]
    last = plan.steps[-1].at
    if now - last <= timedelta(minutes=most):
        return plan
    return _moved(plan, now - timedelta(minutes=rng.randrange(*span)) - last)


def _moved(plan: PlannedReferral, by: timedelta) -> PlannedReferral:
    steps = tuple(replace(step, at=step.at + by) for step in plan.steps)
    return replace(plan, drafted_at=plan.drafted_at + by, steps=steps)


def _staged(
    region: Region, plans: Sequence[PlannedReferral], rng: Random
) -> Iterator[PlannedReferral]:
    seats = _Seats(region.staff.posts)
    pool = list(_near(region.population.residents))
    rng.shuffle(pool)
    pool.sort(key=lambda one: not one.area_code.startswith(_TOWN))
    told = {plan.person for plan in plans}
    busy = told - _done(plans)
    for number, scene in enumerate(SCENES, start=1):
        case = _CASES[scene.case]
        fitting = [one.id for one in pool if _fits(one, case, region.now)]
        unheard = [one for one in fitting if one not in busy | told]
        over = [one for one in fitting if one not in busy]
        person = next(iter((*filter(None, [scene.who]), *unheard, *over)), None)
        if person is not None:
            busy.add(person)
            stage = _Staging(f"C{number:04}", scene, case, seats, region.now)
            yield stage.plan(person)


def _done(plans: Iterable[PlannedReferral]) -> set[UUID]:
    """Of stories with one hop, completed: there are enough of these."""
    sent_on = {plan.person for plan in plans if plan.follows}
    over = {plan.person for plan in plans if plan.ends_in is State.COMPLETED}
    return over - sent_on


def _near(residents: Iterable[Resident]) -> Iterator[Resident]:
    """Of the cast's county."""
    for one in residents:
        is_here = one.area_code.startswith(_COUNTY_AREA)
        is_counted = one.died_at is None and one.likely_same_as is None
        if is_here and is_counted and one.household != _CAST_HOUSEHOLD:
            yield one


def _fits(one: Resident, case: Case, now: datetime) -> bool:
    return (
        case.ages[0] <= one.age_on(now.date()) <= case.ages[1]
        and (not case.needs or case.needs in one.conditions)
        and (not case.sex or one.sex == case.sex)
    )


class _Seats:
    """The cast sits on the first post of its kind."""

    def __init__(self, posts: Iterable[Post]) -> None:
        self._first: dict[tuple[str, str, Role], UUID] = {}
        for post in posts:
            for role in post.roles:
                self._first.setdefault(
                    (post.institution, post.department, role), post.id
                )
                self._first.setdefault((post.institution, "", role), post.id)

    def doctor(self, house: str, department: str) -> UUID:
        found = self._first.get((house, department, Role.PHYSICIAN))
        return found or self._first[house, "", Role.PHYSICIAN]

    def desk(self, house: str) -> UUID:
        found = self._first.get((house, "", Role.REFERRAL_DESK))
        return found or self.doctor(house, "")


@dataclass(frozen=True, slots=True)
class _Staging:
    """One scene becoming a plan."""

    key: str
    scene: Scene
    case: Case
    seats: _Seats
    now: datetime

    def plan(self, person: UUID) -> PlannedReferral:
        scene, case = self.scene, self.case
        source, target = by_code()[scene.source].tier, by_code()[scene.target].tier
        assert source is not None and target is not None  # noqa: S101, PT018
        state = State.DRAFT
        for step, _minutes in scene.steps:
            state = NEXT[state, step]
        return PlannedReferral(
            key=self.key,
            person=person,
            follows="",
            from_institution=scene.source,
            from_department=scene.department,
            from_post=self.seats.doctor(scene.source, scene.department),
            to_institution=scene.target,
            to_department=self.department,
            outside_name="",
            outside_place="",
            direction=direction(source, target),
            urgency=scene.urgency,
            specialty=case.specialty,
            diagnosis_code=case.code,
            diagnosis_name=case.name,
            complaint=case.complaint.format_map(_WORDS),
            reason=case.reason.format_map(_WORDS),
            rule_ids=case.rule_ids,
            content={
                name: text.format_map(_WORDS)
                for name, text in case.content.items()
                if text
            },
            skip_reason="no_capability" if skips(source, target) else "",
            outside_reason="",
            consent_by="spouse" if scene.urgency is Urgency.STAT else "self",
            drafted_at=self._ago(scene.drafted),
            steps=tuple(self._step(*taken) for taken in scene.steps),
            ends_in=state,
        )

    @property
    def department(self) -> str:
        return _department(self.scene.target, self.case)

    def _ago(self, minutes: int) -> datetime:
        return self.now - timedelta(minutes=minutes)

    def _step(self, step: Step, minutes: int) -> PlannedStep:
        at = self._ago(minutes)
        planned = PlannedStep(step, at, self._post(step))
        if step is Step.SCHEDULE:
            return replace(planned, visit_at=_next_clinic(at))
        if step is Step.COMPLETE:
            return replace(planned, feedback=dict(self.case.feedback))
        if step is Step.DECLINE:
            note = "缺近三个月糖化血红蛋白和用药记录，请补齐后重新提交。"
            return replace(planned, reason_code=self.scene.declined, note=note)
        return planned

    def _post(self, step: Step) -> UUID:
        scene = self.scene
        if step in _SENDERS:
            return self.seats.doctor(scene.source, scene.department)
        if step in _DOCTORS:
            return self.seats.doctor(scene.target, self.department)
        return self.seats.desk(scene.target)


def _department(house: str, case: Case) -> str:
    for key in (case.specialty, "internal", "general"):
        found = by_code()[house].department(key)
        if found is not None:
            return found.key
    return ""


def _next_clinic(at: datetime) -> datetime:
    """Nine o'clock of the next working day."""
    day = at.astimezone(CHINA).date() + timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)
