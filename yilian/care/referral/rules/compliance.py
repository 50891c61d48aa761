"""Does a referral follow the rules? The verdict payment builds on, 转诊合规判定.

Steps of rules-insurance 4, each with its outcome and ground, so that a clerk and
a patient can read why. A verdict says nothing about medicine.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from yilian.care.referral.rules.reasons import Urgency
from yilian.kernel.clause import clause
from yilian.kernel.text import _
from yilian.kernel.tier import Direction

GROUND: Final = clause("RI-4")
AGREEMENT: Final = clause("NX-2.2.4-a")
CONSORTIUM: Final = clause("NX-2.2.4-c")
LADDER: Final = clause("NX-2.1.3-d")


class Verdict(StrEnum):
    PENDING = "pending"  # the patient has not arrived yet
    COMPLIANT_UP = "compliant_up"
    COMPLIANT_DOWN = "compliant_down"
    COMPLIANT_SAME_TIER = "compliant_same_tier"
    EMERGENCY_EXEMPT = "emergency_exempt"
    EXEMPT_PERSON = "exempt_person"
    NON_COMPLIANT = "non_compliant"


VERDICT_NAMES: Final[Mapping[Verdict, str]] = {
    Verdict.PENDING: _("待到诊后判定"),
    Verdict.COMPLIANT_UP: _("规范上转"),
    Verdict.COMPLIANT_DOWN: _("规范下转"),
    Verdict.COMPLIANT_SAME_TIER: _("规范平转"),
    Verdict.EMERGENCY_EXEMPT: _("急诊抢救，视同规范"),
    Verdict.EXEMPT_PERSON: _("特殊人群，视同规范"),
    Verdict.NON_COMPLIANT: _("不符合转诊规定"),
}
_BY_DIRECTION: Final[Mapping[Direction, Verdict]] = {
    Direction.UP: Verdict.COMPLIANT_UP,
    Direction.DOWN: Verdict.COMPLIANT_DOWN,
    Direction.SAME_TIER: Verdict.COMPLIANT_SAME_TIER,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a hop and its person; the rule looks nothing up."""

    direction: Direction
    urgency: Urgency
    has_agreement: bool
    shares_consortium: bool
    made_by_physician: bool
    submitted_at: datetime | None
    accepted_at: datetime | None
    arrived_at: datetime | None
    valid_until: datetime | None
    emergency_filed_by: datetime | None  # last moment for filing after arrival
    skips_tier: bool
    skip_reason: str
    age: int | None
    exempt_tags: frozenset[str] = frozenset()
    is_planned_return: bool = False  # told to come back by this receiver before


@dataclass(frozen=True, slots=True)
class Check:
    """One question, its answer (None: cannot be said yet), its ground."""

    key: str
    question: str
    holds: bool | None
    clause: str
    is_decisive: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    verdict: Verdict
    checks: tuple[Check, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict.value,
            "checks": [asdict(check) for check in self.checks],
        }


def judge(facts: Facts, *, elderly_from: int = 65, child_to: int = 6) -> Judged:
    """The verdict, with every step that led to it.

    The age limits of exempt persons are parameters of the region.
    """
    exempt = _exempt_checks(facts, elderly_from, child_to)
    order = _order_checks(facts)
    checks = (*order, *exempt)
    if facts.arrived_at is None:
        return Judged(Verdict.PENDING, checks)
    if all(check.holds for check in order if check.is_decisive):
        return Judged(_BY_DIRECTION[facts.direction], checks)
    emergency, _evidence, person, planned = exempt
    if emergency.holds:
        return Judged(Verdict.EMERGENCY_EXEMPT, checks)
    if person.holds or planned.holds:
        return Judged(Verdict.EXEMPT_PERSON, checks)
    return Judged(Verdict.NON_COMPLIANT, checks)


def _order_checks(facts: Facts) -> tuple[Check, ...]:
    """Going up, all of these decide; going down or across, acceptance alone."""
    up = facts.direction is Direction.UP
    arrived, accepted = facts.arrived_at, facts.accepted_at
    in_order = None if arrived is None else accepted is not None and accepted <= arrived
    in_time = None
    if arrived is not None:
        in_time = facts.valid_until is None or arrived < facts.valid_until
    return (
        Check("agreement", _("双方有有效的双向转诊协议"), facts.has_agreement,
              AGREEMENT.id, is_decisive=False),
        Check("consortium", _("双方同在一个医联体"), facts.shares_consortium,
              CONSORTIUM.id, is_decisive=False),
        Check("order", _("由转出机构医师开具"),
              facts.made_by_physician and facts.submitted_at is not None,
              GROUND.id, up),
        Check("accepted", _("到诊前已被接收"), in_order, GROUND.id),
        Check("validity", _("在有效期内到诊"), in_time, GROUND.id, up),
        Check("ladder", _("逐级转诊，或越级有理由"),
              not facts.skips_tier or bool(facts.skip_reason), LADDER.id, up),
    )  # fmt: skip


def _exempt_checks(
    facts: Facts, elderly_from: int, child_to: int
) -> tuple[Check, Check, Check, Check]:
    age = facts.age
    by_age = age is not None and (age >= elderly_from or age <= child_to)
    return (
        Check("emergency", _("急诊抢救并按时补办"), _is_filed_emergency(facts),
              GROUND.id, is_decisive=False),
        # Triage level 1-2 or a rescue record: nothing here knows it, a clerk looks.
        Check("evidence", _("有一、二级分诊或抢救记录（由经办机构核对）"), None,
              GROUND.id, is_decisive=False),
        Check("person", _("属于免于转诊要求的人群"),
              by_age or bool(facts.exempt_tags), GROUND.id, is_decisive=False),
        Check("planned", _("上级医院此前约定的复诊"), facts.is_planned_return,
              GROUND.id, is_decisive=False),
    )  # fmt: skip


def _is_filed_emergency(facts: Facts) -> bool:
    filed_by, submitted = facts.emergency_filed_by, facts.submitted_at
    if facts.urgency is not Urgency.STAT or filed_by is None or submitted is None:
        return False
    return submitted <= filed_by
