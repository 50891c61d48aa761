"""Joins cases, paths and people: every state at least once, most of them completed.

Most open stories stand in the cast's corridor (Minning town, Yongning county, the
regional general hospital), so that its work lists have something to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from yilian.care.referral.rules.reasons import Urgency
from yilian.care.referral.rules.states import NEXT, State, Step
from yilian.demo.world.chance import likely, stream
from yilian.demo.world.consortia.bodies import county_lead
from yilian.demo.world.history.pen import CHINA
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.institutions.model import Institution
from yilian.demo.world.people.ages import ADULT
from yilian.demo.world.people.model import Population, Post, Resident, Staff
from yilian.demo.world.people.papers import TERTIARY_BY_CITY
from yilian.demo.world.referrals.cases.down import DOWN, OUTSIDE, SAME_TIER
from yilian.demo.world.referrals.cases.model import Case
from yilian.demo.world.referrals.cases.up import UP
from yilian.demo.world.referrals.model import PlannedReferral, PlannedStep
from yilian.demo.world.referrals.paths import PATHS, WEIGHTS, Leg, Path, gap_of, moments
from yilian.demo.world.referrals.routes import Route, is_skipping, route
from yilian.foundation.access.actor import Role
from yilian.kernel.tier import Direction, Tier, direction

_CORRIDOR: Final = "640121"
_RESIDENTS_PER_STORY: Final = 18
_REGION_TOP: Final = "640104-A1"
# Percent of the stories near the cast: those that stand open now, those over.
_NEAR_OPEN: Final = 85
_NEAR_OVER: Final = 45
_FEWEST: Final = 45
# Each is played step by step; a large region gets its size by COPY, not by these.
_MOST: Final = 600
_CAST_HOUSEHOLD: Final = 0
_OTHERWISE: Final = ("internal", "general", "nursing_care", "rehabilitation")
_DOWN_STATES: Final = frozenset(
    {
        State.COMPLETED,
        State.SUBMITTED,
        State.ACCEPTED,
        State.SCHEDULED,
        State.DEPARTED,
        State.ARRIVED,
    }
)


class _Desks:
    """Who sits where: the posts that take the steps."""

    def __init__(self, posts: Sequence[Post]) -> None:
        self._posts: dict[str, list[Post]] = {}
        for post in posts:
            self._posts.setdefault(post.institution, []).append(post)

    def doctor(self, institution: str, department: str) -> UUID:
        doctors = self._with(institution, Role.PHYSICIAN)
        for post in doctors:
            if post.department == department:
                return post.id
        return doctors[0].id

    def desk(self, institution: str, rng: Random) -> UUID:
        desks = self._with(institution, Role.REFERRAL_DESK)
        if not desks:
            return self._with(institution, Role.PHYSICIAN)[0].id
        return rng.choice(desks[:2]).id

    def _with(self, institution: str, role: Role) -> list[Post]:
        return [post for post in self._posts[institution] if role in post.roles]


class _Pool:
    """Residents who are free for a story, by what they suffer from."""

    def __init__(self, rng: Random, residents: Sequence[Resident]) -> None:
        self._rng = rng
        self._used: set[UUID] = set()
        shuffled = list(residents)
        rng.shuffle(shuffled)
        self._near: dict[str, list[Resident]] = {}
        self._far: dict[str, list[Resident]] = {}
        for one in shuffled:
            pool = self._near if one.county_code == _CORRIDOR else self._far
            for need in ("", *sorted(one.conditions)):
                pool.setdefault(need, []).append(one)

    def candidates(self, need: str, near_percent: int) -> Iterator[Resident]:
        first, second = self._near, self._far
        if not likely(self._rng, near_percent):
            first, second = second, first
        for one in (*first.get(need, ()), *second.get(need, ())):
            if one.id not in self._used:
                yield one

    def use(self, person: Resident) -> None:
        self._used.add(person.id)


@dataclass(slots=True)
class _Teller:
    rng: Random
    now: datetime
    desks: _Desks
    pool: _Pool
    told: int = 0

    def tell(self, case: Case, path: Path) -> tuple[PlannedReferral, ...]:
        """The hops of one story; nothing when nobody fits the case."""
        found = self._patient(case, path)
        if found is None:
            return ()
        person, way = found
        self.pool.use(person)
        self.told += 1
        first = self._hop(f"R{self.told:04}", person, case, way, path)
        if path.ends_in is State.REDIRECTED:
            return first, self._onward(first, case)
        return (first,)

    def _patient(self, case: Case, path: Path) -> tuple[Resident, Route] | None:
        near_percent = _NEAR_OPEN if path.is_open else _NEAR_OVER
        for person in self.pool.candidates(case.needs, near_percent):
            if _fits(person, case, self.now):
                way = route(self.rng.choice(case.routes), person.area_code)
                if way is not None:
                    return person, way
        return None

    def _hop(
        self, key: str, person: Resident, case: Case, way: Route, path: Path
    ) -> PlannedReferral:
        urgency = self.rng.choice(case.urgencies)
        times = moments(self.rng, path, urgency, self.now)
        words = _words(self.rng, case)
        target = way.target
        steps = self._steps(path.legs, times[1:], case, way)
        return PlannedReferral(
            key=key,
            person=person.id,
            follows="",
            from_institution=way.source.code,
            from_department=_department(way.source, case),
            from_post=self.desks.doctor(way.source.code, _department(way.source, case)),
            to_institution=target.code if target else "",
            to_department=_department(target, case) if target else "",
            outside_name="" if target else "外省心血管病专科医院",
            outside_place="" if target else "北京市",
            direction=_direction(way),
            urgency=urgency,
            specialty=case.specialty,
            diagnosis_code=case.code,
            diagnosis_name=case.name,
            complaint=case.complaint.format_map(words),
            reason=case.reason.format_map(words),
            rule_ids=case.rule_ids,
            content={
                section: text.format_map(words)
                for section, text in case.content.items()
                if text
            },
            skip_reason=_skip_reason(way, urgency),
            outside_reason="" if target else "no_capability",
            consent_by=_consent_by(person, self.now, urgency),
            drafted_at=times[0],
            steps=steps,
            ends_in=path.ends_in,
        )

    def _steps(
        self, legs: Sequence[Leg], times: Sequence[datetime], case: Case, way: Route
    ) -> tuple[PlannedStep, ...]:
        return tuple(
            self._step(leg, at, case, way) for leg, at in zip(legs, times, strict=True)
        )

    def _step(self, leg: Leg, at: datetime, case: Case, way: Route) -> PlannedStep:
        planned = PlannedStep(
            leg.step,
            at,
            self._post(leg.side, case, way),
            reason_code=leg.reason_code,
            note=leg.note,
        )
        if leg.step is Step.SCHEDULE:
            return replace(planned, visit_at=_next_morning(at))
        if leg.step is Step.COMPLETE:
            return replace(planned, feedback=dict(case.feedback))
        if leg.step is Step.REDIRECT:
            higher = _higher(way)
            return replace(
                planned,
                target=higher.code,
                target_department=_department(higher, case),
            )
        return planned

    def _post(self, side: str, case: Case, way: Route) -> UUID | None:
        if side == "system":
            return None
        if side == "sender" or way.target is None:
            # What an outside hospital did is recorded by the sender.
            source = way.source
            return self.desks.doctor(source.code, _department(source, case))
        if side == "doctor":
            return self.desks.doctor(way.target.code, _department(way.target, case))
        return self.desks.desk(way.target.code, self.rng)

    def _onward(self, first: PlannedReferral, case: Case) -> PlannedReferral:
        """The hop that a redirection makes; it is submitted from the beginning."""
        began = first.steps[-1].at
        source = by_code()[first.to_institution]
        way = Route(source, by_code()[first.steps[-1].target])
        state, legs, times = State.SUBMITTED, [], [began]
        for leg in PATHS[State.COMPLETED][0].legs[1:]:
            at = times[-1] + gap_of(self.rng, leg.gap, first.urgency)
            if at >= self.now:
                break
            state = NEXT[state, leg.step]
            legs.append(leg)
            times.append(at)
        return replace(
            first,
            key=f"{first.key}-2",
            follows=first.key,
            from_institution=source.code,
            from_department=first.to_department,
            from_post=self.desks.doctor(source.code, first.to_department),
            to_institution=first.steps[-1].target,
            to_department=first.steps[-1].target_department,
            direction=_direction(way),
            skip_reason="",
            drafted_at=began,
            steps=self._steps(legs, times[1:], case, way),
            ends_in=state,
        )


def referrals(
    population: Population, staff: Staff, seed: int, now: datetime
) -> tuple[PlannedReferral, ...]:
    """Plans of the last 90 days before `now`; each person in one story only."""
    rng = stream(seed, "referrals")
    living = [
        found
        for found in population.residents
        if found.died_at is None
        and found.likely_same_as is None
        and found.household != _CAST_HOUSEHOLD
    ]
    teller = _Teller(rng, now, _Desks(staff.posts), _Pool(rng, living))
    plans: list[PlannedReferral] = []
    for cases, path in _wishes(rng, len(population.residents)):
        # The next case when nobody has the first illness.
        told = (found for case in cases if (found := teller.tell(case, path)))
        plans.extend(next(told, ()))
    return tuple(plans)


def _wishes(rng: Random, residents: int) -> Iterator[tuple[Sequence[Case], Path]]:
    """Every path once, then as often as the region is large."""
    for paths in PATHS.values():
        for path in paths:
            yield rng.sample(UP, len(UP)), path
    yield (OUTSIDE,), PATHS[State.DRAFT][0]
    yield (OUTSIDE,), PATHS[State.COMPLETED][1]
    for case in (*DOWN, *SAME_TIER):
        yield (case,), PATHS[State.COMPLETED][0]
    for _ in range(min(_MOST, max(_FEWEST, residents // _RESIDENTS_PER_STORY))):
        state = rng.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        goes_down = state in _DOWN_STATES and likely(rng, 38)
        yield (rng.choice(DOWN if goes_down else UP),), rng.choice(PATHS[state])


def _fits(person: Resident, case: Case, now: datetime) -> bool:
    age = person.age_on(now.date())
    if not case.ages[0] <= age <= case.ages[1]:
        return False
    if case.sex and person.sex != case.sex:
        return False
    return not case.needs or case.needs in person.conditions


def _department(institution: Institution, case: Case) -> str:
    for key in (
        case.specialty,
        "internal",
        "general",
        "nursing_care",
        "rehabilitation",
    ):
        found = institution.department(key)
        if found is not None:
            return found.key
    return ""


def _higher(way: Route) -> Institution:
    """To whom a case is sent on: the county's, the city's or the region's hospital,
    or a neighbour city's; never who redirects, nor who sent."""
    here = way.target or way.source
    known = {way.source.code, here.code}
    ways = [TERTIARY_BY_CITY[here.city_code], _REGION_TOP, *TERTIARY_BY_CITY.values()]
    if here.tier == Tier.PRIMARY:
        ways.insert(0, county_lead(here.county_code).code)
    return by_code()[next(code for code in ways if code not in known)]


def _direction(way: Route) -> Direction:
    if way.target is None or way.source.tier is None or way.target.tier is None:
        return Direction.UP
    return direction(way.source.tier, way.target.tier)


def _skip_reason(way: Route, urgency: Urgency) -> str:
    if not is_skipping(way):
        return ""
    return "emergency" if urgency is Urgency.STAT else "no_capability"


def _consent_by(person: Resident, now: datetime, urgency: Urgency) -> str:
    if person.age_on(now.date()) < ADULT:
        return "parent"
    return "spouse" if urgency is Urgency.STAT else "self"


def _next_morning(at: datetime) -> datetime:
    local = at.astimezone(CHINA) + timedelta(days=1)
    return local.replace(hour=9, minute=0, second=0, microsecond=0)


def _words(rng: Random, case: Case) -> Mapping[str, str]:
    is_danger = case.key.endswith("danger")
    pressure = (182, 204, 110, 122) if is_danger else (152, 170, 92, 104)
    sugar = rng.uniform(17.2, 24) if is_danger else rng.uniform(8.4, 12)
    return {
        "sbp": str(rng.randrange(*pressure[:2])),
        "dbp": str(rng.randrange(*pressure[2:])),
        "glucose": f"{sugar:.1f}",
        "days": str(rng.randrange(3, 15)),
    }
