"""One referral from its first word to its last, as its users click it; and many."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final
from uuid import UUID

from journeys.plain_http import Answer, Fields, Visitor
from yilian.kernel.ids import new_id

STEPS: Final = ("create", "submit", "accept", "arrive", "complete")
SHEET: Final = {
    "way": "up",
    "urgency": "routine",
    "care_kind": "outpatient",
    "specialty": "cardiology",
    "diagnosis_code": "I10.x00",
    "reason": "血压两次随访未达标，请协助调整用药",
    "complaint": "头晕、胸闷 3 天",
    "exam": "血压 182/112 mmHg，心率 88 次/分",
    "treatment": "氨氯地平 5 mg 每日一次",
    "consent_by": "self",
    "act": "draft",
}
FEEDBACK: Final = {
    "diagnosis": "高血压 3 级 很高危",
    "course": "调整用药后血压平稳",
    "advice": "两周后复查血压",
    "disposition": "home",
}
Timed = Callable[[str, Answer, float], None]


@dataclass(frozen=True, slots=True)
class Team:
    """Who plays a cycle: the doctor who sends, the desk and the doctor who receive."""

    sender: Visitor
    desk: Visitor
    doctor: Visitor

    @classmethod
    def enter(cls, address: str) -> "Team":
        names = ("township_gp", "county_desk", "county_clinician")
        return cls(*(Visitor(address).enter(name) for name in names))


def play(team: Team, person: UUID, target: UUID, noted: Timed) -> None:
    """Every answer is the real one: the page or the row as it stands after the step."""
    written = SHEET | {"idempotency_key": str(new_id()), "to_institution_id": target}
    sheet: Fields = {name: str(value) for name, value in written.items()}
    made = _step(
        "create", team.sender, f"/referrals/new/{person}/write", sheet, noted, 302
    )
    at = made.location
    row, page = {"shown": "row"}, {"shown": "page"}
    _step("submit", team.sender, f"{at}/submit", page | {"consent_by": "self"}, noted)
    _step("accept", team.desk, f"{at}/accept", row | {"place": "later"}, noted)
    _step("arrive", team.desk, f"{at}/arrive", row, noted)
    _step("complete", team.doctor, f"{at}/complete", page | FEEDBACK, noted)


def _step(
    name: str, who: Visitor, path: str, told: Fields, noted: Timed, wanted: int = 200
) -> Answer:
    begun = time.perf_counter()
    answer = who.post(path, told, htmx=wanted == 200)
    noted(name, answer, time.perf_counter() - begun)
    assert answer.status == wanted, f"{name}: {answer.status}\n{answer.text[:2000]}"
    return answer


@dataclass(slots=True)
class Load:
    """Seconds of every step that ended inside the window, and what went wrong."""

    seconds: float
    took: dict[str, list[float]] = field(
        default_factory=lambda: {name: [] for name in STEPS}
    )
    failed: list[str] = field(default_factory=list)
    # Processor time by kind of process, at the window's begin and end.
    spent: list[Mapping[str, float]] = field(default_factory=list)

    def processor_ms(self) -> Mapping[str, float]:
        """Milliseconds a cycle, by kind of process."""
        before, after = self.spent
        cycles = self.cycles_per_second * self.seconds
        return {kind: (ms - before[kind]) / cycles for kind, ms in after.items()}

    @property
    def cycles_per_second(self) -> float:
        """Of whole cycles: a step is a fifth of one."""
        return sum(map(len, self.took.values())) / len(STEPS) / self.seconds


@dataclass(slots=True)
class Run:
    """Clients that begin together; only what ends inside the window is counted."""

    address: str
    target: UUID
    warm_up: float
    result: Load
    window: list[float] = field(default_factory=list)

    def of(
        self,
        people: Sequence[Sequence[UUID]],
        look: Callable[[], Mapping[str, float]],
    ) -> Load:
        """One thread for each group of people, over lines that are kept."""
        parties = len(people) + 1
        gate = threading.Barrier(parties, action=self._start_clock, timeout=60)
        threads = [
            threading.Thread(target=self._client, args=(group, gate))
            for group in people
        ]
        for thread in threads:
            thread.start()
        gate.wait()
        for moment in self.window:
            time.sleep(max(0.0, moment - time.perf_counter()))
            self.result.spent.append(look())
        for thread in threads:
            thread.join()
        return self.result

    def _start_clock(self) -> None:
        begun = time.perf_counter() + self.warm_up
        self.window.extend((begun, begun + self.result.seconds))

    def _client(self, group: Sequence[UUID], gate: threading.Barrier) -> None:
        try:
            team = Team.enter(self.address)
            gate.wait()
            for person in cycle(group):
                if time.perf_counter() >= self.window[1]:
                    return
                play(team, person, self.target, self._noted)
        except (AssertionError, OSError) as error:
            self.result.failed.append(str(error))

    def _noted(self, name: str, _answer: Answer, took: float) -> None:
        if self.window[0] <= time.perf_counter() < self.window[1]:
            self.result.took[name].append(took)
