"""The demo region, told into an empty database.

Places, staff, residents and two years of history come by COPY (`load_many` of each
module); the referrals of the last ninety days are played through the services, step
by step, by those who would take them (`demo/loading`). The same seed and the same
moment give the same region.
"""

import gc
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from multiprocessing.synchronize import Event
from typing import Final
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.urls import get_resolver
from django.utils import timezone

from yilian.care.referral.models import Reminder
from yilian.care.referral.services import chasing, closing
from yilian.demo.clock import StoryClock, story_time
from yilian.demo.loading import (
    aside,
    corridor,
    history,
    insurance_anomalies,
    insurance_budget,
    insurance_clearing,
    insurance_exchange,
    insurance_policy,
    insurance_scenarios,
    insurance_settlement,
    papers,
    people,
    places,
    staff,
    stories,
)
from yilian.demo.loading.beside import Blocks, beside, signal
from yilian.demo.loading.stage import Refused, Stage
from yilian.demo.loading.story import Story
from yilian.demo.world.build import Region, region
from yilian.foundation.access.actor import system_actor
from yilian.foundation.audit import services as audit
from yilian.foundation.identity.models import Account
from yilian.foundation.notify import services as notify
from yilian.foundation.outbox import services as outbox
from yilian.foundation.parameters import queries as parameters
from yilian.foundation.terminology import services as terminology
from yilian.insurance.settlement.services.costs import refresh_usual_costs
from yilian.insurance.settlement.services.summing import sum_up
from yilian.registry.consortium.rules import MemberRole
from yilian.resources.scheduling.services import expire_holds

Progress = Callable[[float, str], object]

ACTOR: Final = system_actor("demo")
# Before the first story: patients lie in a ward for a week before they go down.
_JOINED: Final = timedelta(days=100)
# What happened since is told to the desks when the region opens.
_NEWS: Final = timedelta(hours=12)
# Percent of the work that lies behind when so much is told.
_STAFF_TO: Final = 15
_PEOPLE_TO: Final = 22
_ALL: Final = 95
_RESIDENTS_A_STORY: Final = 150  # whose history takes as long as one story
_PLACES: Final = ("directory", "consortium", "population", "scheduling", "identity")
_RECORD: Final = "record"  # analysed by who loads it last


class NotADemo(RuntimeError):
    """Invented people never stand beside real ones."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it; `refused` is what the services did not allow."""

    residents: int
    referrals: int
    refused: tuple[Refused, ...]
    stays_ended: int
    stays_left_out: int
    sealed: int


def build(
    residents: int = 2000,
    seed: int = 1,
    progress: Progress = lambda percent, text: None,
    now: datetime | None = None,
    when_tables_stand: Callable[[], object] = lambda: None,
) -> Report:
    """`now` is when the region is looked at; everything lies before it. Nothing is
    asked of the database before `when_tables_stand` has come back."""
    if not settings.YILIAN_DEMO:
        raise NotADemo("YILIAN_DEMO is not set")
    progress(0, "规划区域 Planning the region")
    with _seldom_tidied():
        plan = _planned(residents, seed, now or timezone.now())
        get_resolver().url_patterns  # noqa: B018 imported now: messages link to pages
        gc.freeze()
        when_tables_stand()
        parameters.forget()  # what stood in the database before
        told, refused = _tell(plan, progress)
        progress(96, "封存审计 Sealing the audit trail")
        sealed = audit.seal()
        _analyse(one.label for one in apps.get_app_configs() if one.label != _RECORD)
    progress(100, "演示区域已建好 The demo region is ready")
    return Report(
        residents=len(plan.region.population.residents),
        referrals=len(plan.hops),
        refused=refused,
        stays_ended=told.ended,
        stays_left_out=told.left_out,
        sealed=sealed,
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is told, known to both processes that tell it."""

    lives: history.Lives
    hops: Sequence[Story]
    institutions: places.Rows
    staff: staff.Rows  # of the houses on stage
    room: places.Room  # likewise
    on_stage: frozenset[str]  # houses where something happens
    record: Blocks
    money: Blocks
    institutions_stand: Event
    people_stand: Event
    parameters_stand: Event

    @property
    def region(self) -> Region:
        return self.lives.region


def _planned(residents: int, seed: int, now: datetime) -> _Plan:
    planned = region(residents, seed, now)
    hops = stories.stories_of(corridor.arranged(planned))
    spans, deaths = stories.spans_of(hops, planned.now), stories.deaths_of(hops)
    lives = history.Lives(planned, spans, deaths)
    on_stage = _houses(planned, hops)
    return _Plan(
        lives=lives,
        hops=hops,
        institutions=places.rows_of(planned),
        staff=staff.rows_of(planned, on_stage.__contains__),
        room=places.room_of(planned, on_stage.__contains__),
        on_stage=on_stage,
        record=Blocks(lives.blocks),
        money=Blocks(lives.blocks),
        institutions_stand=signal(),
        people_stand=signal(),
        parameters_stand=signal(),
    )


def _tell(plan: _Plan, progress: Progress) -> tuple[history.Told, tuple[Refused, ...]]:
    """All in story time. What no story touches is loaded on the second core."""
    now, shown = plan.region.now, _Shown(progress, plan)
    with (
        story_time(plan.region.seed, now - _JOINED) as clock,
        beside(partial(_load_the_rest, plan, clock)) as rest,
        _hurrying(),
    ):
        _load_institutions(plan, progress)
        accounts = _load_those_on_stage(plan, progress)
        told = _load_people(plan, shown)
        _analyse(_PLACES)
        stage = Stage(plan.region, clock, accounts)
        _play(stage, plan.hops, shown.stories)
        history.load_record(ACTOR, plan.lives, shown.each(plan.record))
        clock.go_to(now)
        rest.wait_for(plan.parameters_stand)
        parameters.forget()  # the other process has released some
        _settle(plan, accounts, shown.each(plan.money), clock)
        rest.wait_for_end()
        clock.rng.seed(f"{plan.region.seed} stands")  # whoever took which block
        _load_what_stands(plan, told, accounts)
        _come_to_now(now)
    return told, tuple(stage.refused)


def _load_the_rest(plan: _Plan, clock: StoryClock) -> None:
    """The record asks for no other row, and so it may begin at once."""
    clock.rng.seed(f"{plan.region.seed} rest")  # other ids than the first process
    record = iter(plan.record)
    with _hurrying():
        history.load_record(ACTOR, plan.lives, islice(record, 1))
        plan.institutions_stand.wait()
        _load_quiet_houses(plan)
        history.load_record(ACTOR, plan.lives, record)
        _analyse([_RECORD])
        plan.people_stand.wait()
        clock.go_to(plan.region.now)
        accounts = staff.accounts_of_the_cast(plan.region)
        insurance_policy.load_policy(ACTOR, plan.region, accounts)
        plan.parameters_stand.set()
        _settle(plan, accounts, plan.money, clock)
        insurance_clearing.load_clearing(ACTOR, plan.region)


def _settle(
    plan: _Plan, accounts: staff.Accounts, blocks: Iterable[int], clock: StoryClock
) -> None:
    """The same ids whoever takes a block."""
    for number in blocks:
        clock.rng.seed(f"{plan.region.seed} money {number}")
        insurance_settlement.settle_quiet_lives(ACTOR, plan.lives, accounts, [number])


def _load_institutions(plan: _Plan, progress: Progress) -> None:
    progress(3, "机构 Institutions")
    terminology.load_shipped()
    places.load_institutions(ACTOR, plan.institutions)
    plan.institutions_stand.set()
    places.load_consortia(ACTOR, plan.region)


def _load_those_on_stage(plan: _Plan, progress: Progress) -> staff.Accounts:
    progress(12, "人员 Staff")
    accounts = _open_accounts(plan.region, plan.hops)
    staff.load_staff(ACTOR, plan.staff, accounts)
    places.load_room(ACTOR, plan.room)
    return accounts


def _load_people(plan: _Plan, shown: "_Shown") -> history.Told:
    accounts = people.open_accounts(ACTOR, plan.region)
    people.load_people(ACTOR, plan.region, accounts, shown.people)
    plan.people_stand.set()
    return history.load_sight(ACTOR, plan.lives)


class _Shown:
    """Percent of the whole; the longer the history, the larger its part."""

    def __init__(self, progress: Progress, plan: _Plan) -> None:
        self._progress, self._plan = progress, plan
        hops = len(plan.hops)
        told = len(plan.region.population.residents) / _RESIDENTS_A_STORY
        self._stories_to = _PEOPLE_TO + (_ALL - _PEOPLE_TO) * hops / (hops + told)
        self._last = 0

    def people(self, part: float) -> None:
        self._show(_STAFF_TO + part * (_PEOPLE_TO - _STAFF_TO), "居民 Residents")

    def stories(self, part: float) -> None:
        percent = _PEOPLE_TO + part * (self._stories_to - _PEOPLE_TO)
        self._show(percent, "转诊 Referrals")

    def history(self) -> None:
        part = (self._plan.record.done + self._plan.money.done) / 2
        percent = self._stories_to + part * (_ALL - self._stories_to)
        self._show(percent, "病史和费用 Two years of history and money")

    def each(self, blocks: Blocks) -> Iterator[int]:
        self.history()
        for number in blocks:
            yield number
            self.history()

    def _show(self, percent: float, text: str) -> None:
        if int(percent) > self._last:
            self._last = int(percent)
            self._progress(self._last, text)


def _houses(planned: Region, hops: Sequence[Story]) -> frozenset[str]:
    """Where something happens in a story, and where contracts were signed."""
    posts = {post.id: post.institution for post in planned.staff.posts}
    contracts = (one.contract for one in planned.population.residents)
    doctors = {one.doctor for one in contracts if one and one.doctor}
    ends = {hop.plan.to_institution for hop in hops}
    cast = {post for member in planned.cast for post in member.posts}
    acting = {posts[post] for post in _acting(hops) | doctors | cast}
    known = acting | ends | set(corridor.HOUSES)
    return frozenset(known | _leads_of(planned, known))


def _leads_of(planned: Region, houses: Container[str]) -> set[str]:
    """Who leads a consortium of one of them: the office there is told of what lies."""
    shared = {
        one.consortium for one in planned.memberships if one.institution in houses
    }
    return {
        one.institution
        for one in planned.memberships
        if one.consortium in shared and one.role is not MemberRole.MEMBER
    }


def _acting(hops: Sequence[Story]) -> set[UUID]:
    steps = {step.post for hop in hops for step in hop.plan.steps if step.post}
    return steps | {hop.plan.from_post for hop in hops}


def _open_accounts(planned: Region, hops: Sequence[Story]) -> dict[UUID, Account]:
    return staff.open_accounts(ACTOR, planned, _acting(hops), corridor.HOUSES)


def _load_quiet_houses(plan: _Plan) -> None:
    def is_meant(house: str) -> bool:
        return house not in plan.on_stage

    staff.load_staff(ACTOR, staff.rows_of(plan.region, is_meant), {})
    places.load_room(ACTOR, places.room_of(plan.region, is_meant))


def _play(stage: Stage, hops: Sequence[Story], tell: Callable[[float], object]) -> None:
    for hop in hops:
        stories.put_on(stage, hop)
    aside.put_on(stage, hops)
    papers.put_on(stage, hops)
    stage.play(tell)


def _load_what_stands(
    plan: _Plan, told: history.Told, accounts: staff.Accounts
) -> None:
    """Who lies in hospital now, the stories' money, and what is made of all money."""
    history.load_stays(ACTOR, told)
    insurance_settlement.settle_told_lives(ACTOR, plan.lives, accounts)
    insurance_settlement.look_at_what_waits()
    refresh_usual_costs()
    insurance_anomalies.load_anomalies(ACTOR, plan.region, accounts)
    sum_up()
    insurance_budget.load_budgets(ACTOR, plan.region, accounts)
    insurance_exchange.load_exchange(ACTOR, plan.region)
    insurance_scenarios.load_scenarios(plan.region)


def _come_to_now(now: datetime) -> None:
    """Clocks as they stand at this moment; the past is news to nobody."""
    closing.run_clocks()
    chasing.run_ladders()
    expire_holds()
    outbox.settle_before(now - _NEWS)
    reminded = Reminder.objects.values_list("pk", "fired_at")
    at = {f"reminder:{reminder_id}": fired_at for reminder_id, fired_at in reminded}
    notify.date_back(at, news_from=now - _NEWS)


@contextmanager
def _hurrying() -> Iterator[None]:
    """A region half built is built anew: nobody waits for the disk, and a refusal
    takes its whole transaction back, so that inner ones need no savepoint."""
    features = connection.features
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET work_mem = '64MB'")  # batches are sorted in memory
    features.uses_savepoints = False
    try:
        yield
    finally:
        features.uses_savepoints = True


@contextmanager
def _seldom_tidied() -> Iterator[None]:
    """Looking for garbage among so many rows takes a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _analyse(labels: Iterable[str]) -> None:
    """So that what is asked next is planned with what is really there."""
    models = (
        model for one in labels for model in apps.get_app_config(one).get_models()
    )
    ours = [model._meta.db_table for model in models if model._meta.managed]
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(map(connection.ops.quote_name, ours))}")
