"""The demo region, told into an empty database.

Places, staff, residents and two years of history come by COPY (`load_many` of each
module); the referrals of the last ninety days are played through the services, step
by step, by those who would take them (`demo/loading`). The same seed and the same
moment give the same region.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from yilian.care.referral.models import Reminder
from yilian.care.referral.services import chasing, closing
from yilian.demo.clock import story_time
from yilian.demo.loading import (
    aside,
    corridor,
    history,
    insurance_budget,
    insurance_clearing,
    papers,
    people,
    places,
    staff,
    stories,
)
from yilian.demo.loading.beside import Blocks, beside
from yilian.demo.loading.stage import Refused, Stage
from yilian.demo.loading.story import Story
from yilian.demo.world.build import Region, region
from yilian.foundation.access.actor import system_actor
from yilian.foundation.audit import services as audit
from yilian.foundation.identity.models import Account
from yilian.foundation.notify import services as notify
from yilian.foundation.outbox import services as outbox
from yilian.foundation.terminology import services as terminology
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
) -> Report:
    """`now` is when the region is looked at; everything lies before it."""
    if not settings.YILIAN_DEMO:
        raise NotADemo("YILIAN_DEMO is not set")
    progress(0, "规划区域 Planning the region")
    planned = region(residents, seed, now or timezone.now())
    hops = stories.stories_of(corridor.arranged(planned))
    lives = history.Lives(
        planned, stories.spans_of(hops, planned.now), stories.deaths_of(hops)
    )
    told, refused = _tell(lives, hops, progress)
    progress(96, "封存审计 Sealing the audit trail")
    sealed = audit.seal()
    _analyse()
    progress(100, "演示区域已建好 The demo region is ready")
    return Report(
        residents=len(planned.population.residents),
        referrals=len(hops),
        refused=refused,
        stays_ended=told.ended,
        stays_left_out=told.left_out,
        sealed=sealed,
    )


def _tell(
    lives: history.Lives, hops: Sequence[Story], progress: Progress
) -> tuple[history.Told, tuple[Refused, ...]]:
    """All in story time. What no story touches is loaded on the second core."""
    planned = lives.region
    on_stage = _houses(planned, hops).__contains__
    blocks = Blocks(lives.blocks)
    with story_time(planned.seed, planned.now - _JOINED) as clock:

        def load_the_rest() -> None:
            clock.rng.seed(f"{planned.seed} rest")  # other ids than this process
            with _hurrying():
                _load_houses(planned, {}, lambda code: not on_stage(code))
                history.load_record(ACTOR, lives, blocks)

        with _hurrying():
            progress(3, "机构 Institutions")
            terminology.load_shipped()
            places.load_institutions(ACTOR, planned)
        with beside(load_the_rest) as rest_is_loaded, _hurrying():
            progress(12, "人员 Staff")
            places.load_consortia(ACTOR, planned)
            accounts = _open_accounts(planned, hops)
            _load_houses(planned, accounts, on_stage)
            shown = _Shown(progress, hops, lives)
            people.load_people(
                ACTOR, planned, people.open_accounts(ACTOR, planned), shown.people
            )
            told = history.load_sight(ACTOR, lives)
            stage = Stage(planned, clock, accounts)
            _play(stage, hops, shown.stories)
            shown.history(blocks.done)
            history.load_record(ACTOR, lives, shown.each(blocks))
            rest_is_loaded()
            clock.go_to(planned.now)
            _load_what_stands(planned, told, accounts)
            _come_to_now(planned.now)
    return told, tuple(stage.refused)


class _Shown:
    """Percent of the whole; the longer the history, the larger its part."""

    def __init__(
        self, progress: Progress, hops: Sequence[Story], lives: history.Lives
    ) -> None:
        self._progress = progress
        told = len(lives.region.population.residents) / _RESIDENTS_A_STORY
        self._stories_to = _PEOPLE_TO + (_ALL - _PEOPLE_TO) * len(hops) / (
            len(hops) + told
        )
        self._last = 0

    def people(self, part: float) -> None:
        self._show(_STAFF_TO + part * (_PEOPLE_TO - _STAFF_TO), "居民 Residents")

    def stories(self, part: float) -> None:
        percent = _PEOPLE_TO + part * (self._stories_to - _PEOPLE_TO)
        self._show(percent, "转诊 Referrals")

    def history(self, part: float) -> None:
        percent = self._stories_to + part * (_ALL - self._stories_to)
        self._show(percent, "病史 Two years of history")

    def each(self, blocks: Blocks) -> Iterator[int]:
        for number in blocks:
            yield number
            self.history(blocks.done)

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
    return frozenset(acting | ends | set(corridor.HOUSES))


def _acting(hops: Sequence[Story]) -> set[UUID]:
    steps = {step.post for hop in hops for step in hop.plan.steps if step.post}
    return steps | {hop.plan.from_post for hop in hops}


def _open_accounts(planned: Region, hops: Sequence[Story]) -> dict[UUID, Account]:
    return staff.open_accounts(ACTOR, planned, _acting(hops), corridor.HOUSES)


def _load_houses(
    planned: Region, accounts: staff.Accounts, is_meant: places.Houses
) -> None:
    staff.load_staff(ACTOR, planned, accounts, is_meant)
    places.load_beds_and_slots(ACTOR, planned, is_meant)


def _play(stage: Stage, hops: Sequence[Story], tell: Callable[[float], object]) -> None:
    for hop in hops:
        stories.put_on(stage, hop)
    aside.put_on(stage, hops)
    papers.put_on(stage, hops)
    stage.play(tell)


def _load_what_stands(
    planned: Region, told: history.Told, accounts: staff.Accounts
) -> None:
    """Who lies in hospital now, and the money of two years."""
    history.load_stays(ACTOR, told)
    insurance_budget.load_budgets(ACTOR, planned, accounts)
    insurance_clearing.load_clearing(ACTOR, planned)


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
    features.uses_savepoints = False
    try:
        yield
    finally:
        features.uses_savepoints = True


def _analyse() -> None:
    """So that the first pages are planned with what is really there."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
