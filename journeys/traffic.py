"""Writers who go on whatever happens, as people do: what got no answer, or was told
to wait, is sent again with the same key until it is answered.

Each writes a referral and takes it back, again and again for persons of its own,
so that they never run out of work and flood nobody's desk.
"""

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from journeys.faulty import ELSEWHERE, Scene
from journeys.plain_http import Answer, Fields, Visitor
from yilian.kernel.ids import new_id

WAIT: Final = 0.3  # seconds before the same is sent again
LAST_CHANCE: Final = 120.0  # for what is under way when all are told to stop


@dataclass
class Traffic:
    """What was acknowledged, and what was said instead."""

    scene: Scene
    acknowledged: list[tuple[UUID, str]] = field(default_factory=list)  # row, step
    made: dict[UUID, UUID] = field(default_factory=dict)  # by the form's key
    moments: list[float] = field(default_factory=list)  # of acknowledgement
    others: Counter[str] = field(default_factory=Counter)
    unsettled: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, writers: int) -> "Traffic":
        self._threads = [
            threading.Thread(target=self._write, args=self._case(), daemon=True)
            for _ in range(writers)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Once nothing is under way any more."""
        self._stop.set()
        for thread in self._threads:
            thread.join(LAST_CHANCE + 30)
            assert not thread.is_alive(), "a writer never got an answer"

    def first_after(self, moment: float) -> float:
        return min(at for at in self.moments if at > moment)

    def _case(self) -> tuple[str, dict[str, str]]:
        # What one desk of the demo sees must not be flooded: they go elsewhere.
        away = str(self.scene.backstage.institution(ELSEWHERE))
        told = {"to_institution_id": away, "outside_reason": "patient_choice"}
        return self.scene.case(**told)

    def _write(self, at: str, sheet: dict[str, str]) -> None:
        visitor = self.scene.gp.twin()
        while not self._stop.is_set():
            key = new_id()
            told = sheet | {"idempotency_key": str(key)}
            done = self._insist(visitor, at, told)
            if done is None or not done.location.startswith("/referrals/"):
                continue
            row = UUID(done.location.rpartition("/")[2])
            self.made[key] = row
            self._acknowledge(row, "submit")
            taken_back = self._insist(
                visitor, f"{done.location}/withdraw", {"reason_code": "improved"}
            )
            if taken_back is not None:
                self._acknowledge(row, "withdraw")

    def _acknowledge(self, row: UUID, step: str) -> None:
        self.acknowledged.append((row, step))
        self.moments.append(time.monotonic())

    def _insist(self, visitor: Visitor, path: str, told: Fields) -> Answer | None:
        """The answer that was no "later"; None for one that should not have been."""
        is_again = False
        for _ in range(int(LAST_CHANCE / WAIT)):
            try:
                answer = visitor.post(path, told, htmx=path.endswith("withdraw"))
            except (OSError, http.client.HTTPException) as error:
                # The line broke: nobody was told anything, and it may yet be done.
                self.others[type(error).__name__] += 1
            else:
                if answer.status in {200, 302}:
                    return answer
                self.others[str(answer.status)] += 1
                if is_again and answer.status == 409:
                    return answer  # what broke off had been done after all
                if answer.status != 503:
                    said = f"{answer.status} {answer.refusal} {answer.text[-600:]}"
                    self.unsettled.append(f"{path}: {said}")
                    return None
            is_again = True
            threading.Event().wait(WAIT)
        self.unsettled.append(f"{path}: no answer")
        return None
