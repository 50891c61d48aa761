"""Where the stories are played: acts in the order of their moments, through services.

An act may call for later ones. A story whose act is refused stops there; the refusal
is counted by its code, and nobody's name is told.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from random import Random
from typing import Final
from uuid import UUID

from yilian.demo.clock import StoryClock
from yilian.demo.world.build import Region
from yilian.demo.world.institutions.build import by_code
from yilian.demo.world.institutions.model import Institution
from yilian.foundation.access.actor import Actor, Role
from yilian.foundation.identity.models import Account
from yilian.kernel.errors import DomainError
from yilian.registry.directory.queries.actors import actor_of_staff

ORIGIN: Final = "demo"
Act = Callable[[], object]


@dataclass(slots=True)
class Refused:
    """What did not go as planned: story, step, code of the refusal."""

    story: str
    step: str
    code: str


@dataclass
class Stage:
    region: Region
    clock: StoryClock
    accounts: Mapping[UUID, Account]  # of practitioners
    shared: dict[tuple[str, str], bool] = field(default_factory=dict)  # consortia
    refused: list[Refused] = field(default_factory=list)
    played: Counter[str] = field(default_factory=Counter)
    _acts: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _asked: int = 0
    _actors: dict[UUID, Actor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._holders = {post.id: post for post in self.region.staff.posts}
        self._by_house: dict[tuple[str, Role], list[UUID]] = {}
        for post in self.region.staff.posts:
            if post.practitioner in self.accounts:
                for role in post.roles:
                    here = self._by_house.setdefault((post.institution, role), [])
                    here.append(post.id)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def rng(self) -> Random:
        return self.clock.rng

    def later(self, at: datetime, act: Act) -> None:
        """Only what happened until the region is looked at."""
        if at <= self.region.now:
            self._asked += 1
            heappush(self._acts, (at, self._asked, act))

    def play(self, tell: Callable[[float], object]) -> None:
        done = 0
        while self._acts:
            at, _number, act = heappop(self._acts)
            self.clock.go_to(at)
            act()
            done += 1
            tell(done / (done + len(self._acts)))

    def attempt(self, story: str, step: str, act: Act) -> bool:
        """Whether it could be done. Each service is a transaction of its own."""
        try:
            act()
        except DomainError as error:
            self.refused.append(Refused(story, step, error.code))
            return False
        self.played[step] += 1
        return True

    def actor(self, post: UUID) -> Actor:
        if post not in self._actors:
            account = self.accounts[self._holders[post].practitioner]
            found = actor_of_staff(account, post)
            assert found is not None, "a post of the demo is held"  # noqa: S101
            self._actors[post] = found.from_origin(ORIGIN)
        return self._actors[post]

    def cast(self, username: str) -> Actor:
        """In the first post."""
        member = next(one for one in self.region.cast if one.username == username)
        return self.actor(member.posts[0])

    def house_of(self, post: UUID) -> str:
        return self._holders[post].institution

    def another_hospital(self, *but: Institution | None) -> Institution:
        """Where somebody could be admitted instead."""
        named = {one.code for one in but if one is not None}
        city = next(one.city_code for one in but if one is not None)
        houses = [
            found
            for code, role in self._by_house
            if role is Role.PHYSICIAN and code not in named
            for found in (by_code()[code],)
            if found.is_hospital
        ]
        return min(houses, key=lambda one: (one.city_code != city, one.code))

    def somebody(self, house: str, roles: Iterable[Role]) -> Actor | None:
        """The first with an account who has one of these roles there."""
        for role in roles:
            for post in self._by_house.get((house, role), ()):
                return self.actor(post)
        return None
