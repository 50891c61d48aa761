"""What keeps a started region running: it looks again and again, and never gives up.

Whatever goes wrong while looking is said and tried again after a pause: a machine
out of memory, of processes or of disk gets better, and nobody sits beside it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from yilian.config.runtime.crew import Crew
from yilian.config.runtime.environment import Place, in_words

Say = Callable[[str], None]
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0


@dataclass(slots=True)
class Duty:
    """One thing to look after, with its own pause after a failure."""

    name: str
    look: Callable[[], None]
    say: Say
    pause: float = FIRST_PAUSE
    not_before: float = 0.0

    def do(self) -> None:
        if time.monotonic() < self.not_before:
            return
        try:
            self.look()
        except Exception as error:  # looking after a region goes on whatever happens
            self._say_and_wait(error)
        else:
            self.pause = FIRST_PAUSE

    def _say_and_wait(self, error: Exception) -> None:
        words = in_words(error) or type(error).__name__
        self.say(
            f"{self.name}: {words}\n{self.pause:.0f} 秒后重试。 "
            f"Trying again in {self.pause:.0f} s."
        )
        self.not_before = time.monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)


@dataclass(slots=True)
class Watch:
    """The database first: without it the others can do nothing."""

    place: Place
    crew: Crew
    say: Say
    duties: tuple[Duty, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.duties = (
            Duty("数据库 database", self._look_at_database, self.say),
            Duty("进程 processes", self._look_at_crew, self.say),
        )

    def look(self) -> None:
        for duty in self.duties:
            duty.do()

    def _look_at_database(self) -> None:
        if not self.place.embedded or self.place.folder.cluster.is_alive():
            return
        self.say("数据库意外退出，正在恢复… The database died; recovering…")
        self.place.folder.cluster.start()

    def _look_at_crew(self) -> None:
        for member in self.crew.end_still():
            self.say(
                f"{member.name} 停住不动，已结束。 {member.name} stood still; ended it."
            )
        for member in self.crew.tend():
            self.say(
                f"{member.name} 意外退出，正在重启。 {member.name} died; restarting it."
            )
