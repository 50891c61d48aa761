"""What a case consists of, and the words in which clinicians hand it over.

`{sbp}`, `{dbp}`, `{glucose}`, `{days}` are filled in for each person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yilian.care.referral.rules.reasons import Urgency

ROUTINE: Final = Urgency.ROUTINE
URGENT: Final = Urgency.URGENT
STAT: Final = Urgency.STAT


@dataclass(frozen=True, slots=True)
class Case:
    """`needs`: a condition of the person, or "" for anybody from `ages`."""

    key: str
    code: str
    name: str
    specialty: str
    needs: str
    urgencies: tuple[Urgency, ...]
    complaint: str
    reason: str
    content: Mapping[str, str]
    feedback: Mapping[str, str]
    rule_ids: tuple[str, ...] = ()
    ages: tuple[int, int] = (18, 95)
    routes: tuple[str, ...] = ("center-county",)
    sex: str = ""


def upward(
    *, complaint: str, history: str, exam: str, results: str, treatment: str
) -> dict[str, str]:
    return {
        "complaint": complaint,
        "history": history,
        "exam": exam,
        "results": results,
        "treatment": treatment,
    }


def back(diagnosis: str, course: str, drugs: str, advice: str) -> dict[str, str]:
    return {
        "diagnosis": diagnosis,
        "course": course,
        "drugs": drugs,
        "advice": advice,
    }
