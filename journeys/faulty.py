"""What the fault tests share: who is there, and how a referral is written over HTTP."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final
from uuid import UUID

from journeys.backstage import Backstage
from journeys.plain_http import Answer, Visitor
from yilian.kernel.ids import new_id

TOWNSHIP: Final = "640121104-C1"
COUNTY: Final = "640121-A1"
ELSEWHERE: Final = "640522-A1"  # in none of the township's consortia, none of the cast
LEFT_ALONE: Final = 6  # residents whom journeys in a browser find as they were
SPECIALTIES: Final = (
    "surgery", "orthopaedics", "urology", "neurosurgery", "ophthalmology", "ent",
    "dermatology", "oncology", "nephrology", "respiratory", "gastroenterology",
)  # fmt: skip
SHEET: Final = {
    "way": "up",
    "urgency": "routine",
    "care_kind": "outpatient",
    "specialty": "cardiology",
    "diagnosis_code": "I10.x00",
    "reason": "血压两次随访未达标",
    "complaint": "头晕 3 天",
    "exam": "血压 182/112 mmHg",
    "treatment": "氨氯地平 5 mg",
    "consent_by": "self",
    "act": "submit",
}


@dataclass
class Scene:
    """The region with its players, and residents nobody has used yet."""

    address: str
    backstage: Backstage
    gp: Visitor
    desk: Visitor
    _cases: Iterator[tuple[str, UUID]]
    written: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, address: str, backstage: Backstage) -> "Scene":
        people = backstage.contracted(TOWNSHIP)[LEFT_ALONE:]
        gp, desk = (Visitor(address).enter(n) for n in ("township_gp", "county_desk"))
        return cls(address, backstage, gp, desk, product(SPECIALTIES, people))

    def visitor(self, username: str) -> Visitor:
        return Visitor(self.address).enter(username)

    def case(self, **changes: str) -> tuple[str, dict[str, str]]:
        """A person and specialty without a referral: the address, and a good form."""
        specialty, person = next(self._cases)
        sheet = SHEET | {
            "specialty": specialty,
            "to_institution_id": str(self.backstage.institution(COUNTY)),
            "idempotency_key": str(new_id()),
        }
        return f"/referrals/new/{person}/write", sheet | changes

    def waiting(self, most_sent: int = 1) -> str:
        """The address of a referral that waits for the county's answer. Just after
        trouble, whoever is told 503 sends it again, with its key."""
        at, sheet = self.case()
        done = self.gp.post(at, sheet)
        for _ in range(most_sent - 1):
            if done.status != 503:
                break
            time.sleep(1)
            done = self.gp.post(at, sheet)
        assert done.status == 302, done.text[:3000]
        self.written.append(done.location)
        return done.location

    def tidy_up(self) -> None:
        """Whatever still waits is taken back: other journeys read these desks."""
        closer = self.gp.twin()  # the first line may have been cut meanwhile
        for at in self.written:
            closer.post(f"{at}/withdraw", {"reason_code": "improved"}, htmx=True)


def all_at_once(acts: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Each in a thread of its own, let go at the same moment."""
    gate = threading.Barrier(len(acts))
    answers: list[Answer] = []

    def run(act: Callable[[], Answer]) -> None:
        gate.wait()
        answers.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    assert len(answers) == len(acts), "somebody never got an answer"
    return answers


def statuses(answers: Sequence[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)
