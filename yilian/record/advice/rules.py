"""What a clinical rule is made of: a typed tree of conditions and what to do.

A rule answers `fires`, `not`, or `unknown` with what is missing: missing data
is never false. The trees come from `packs/*.toml`; `evaluate.py` reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _
from yilian.kernel.tier import Tier


class Outcome(StrEnum):
    FIRES = "fires"
    NOT = "not"
    UNKNOWN = "unknown"


OUTCOME_NAMES: Final[Mapping[Outcome, str]] = {
    Outcome.FIRES: _("符合"),
    Outcome.NOT: _("不符合"),
    Outcome.UNKNOWN: _("资料不足"),
}


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    EMERGENCY = "emergency"
    FOLLOWUP = "followup"


DIRECTION_NAMES: Final[Mapping[Direction, str]] = {
    Direction.UP: _("建议上转"),
    Direction.DOWN: _("可以下转"),
    Direction.EMERGENCY: _("紧急转诊"),
    Direction.FOLLOWUP: _("随访"),
}


class Urgency(StrEnum):
    EMERGENCY = "emergency"
    URGENT_2W = "urgent_2w"
    ROUTINE = "routine"


class ReferralUrgency(StrEnum):
    """How fast the receiver must answer (decisions 19)."""

    STAT = "stat"
    URGENT = "urgent"
    ROUTINE = "routine"


REFERRAL_URGENCY: Final[Mapping[Urgency, ReferralUrgency]] = {
    Urgency.EMERGENCY: ReferralUrgency.STAT,
    Urgency.URGENT_2W: ReferralUrgency.ROUTINE,
    Urgency.ROUTINE: ReferralUrgency.ROUTINE,
}


class Scope(StrEnum):
    """Which part of the record a condition looks at."""

    LAST_FOLLOW_UP = "last_follow_up"
    WINDOW = "window"  # the last `window_days` days
    STANDING = "standing"  # the latest word on it, however old


class Silence(StrEnum):
    """What it means when nobody recorded it."""

    UNKNOWN = "unknown"
    ABSENT = "absent"


class Aggregate(StrEnum):
    ANY = "any"
    ALL = "all"
    LAST = "last"


class TargetTest(StrEnum):
    AT_TARGET = "at_target"
    NOT_AT_TARGET = "not_at_target"
    FIRST_NOT_AT_TARGET = "first_not_at_target"


class DiagnosisState(StrEnum):
    ACTIVE = "active"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Number:
    """A measured value against a limit; `count` days of it, or the last readings."""

    code: tuple[str, ...]
    op: str
    value: Decimal
    unit: str
    scope: Scope = Scope.WINDOW
    window_days: int | None = None
    aggregate: Aggregate = Aggregate.ANY
    readings: int = 1  # with `last`: how many readings must all meet it
    count: int = 1  # with `any`: on how many follow-ups it must be met
    unmentioned: Silence = Silence.UNKNOWN


@dataclass(frozen=True, slots=True)
class Target:
    """Whether the last follow-ups met the treatment target."""

    code: tuple[str, ...]
    test: TargetTest
    consecutive: int = 1
    window_days: int | None = None


@dataclass(frozen=True, slots=True)
class Steady:
    """Whether the last readings, follow-ups or not, were all at target."""

    code: tuple[str, ...]
    steady_readings: int
    window_days: int | None = None


@dataclass(frozen=True, slots=True)
class RaisedDays:
    """Readings at or above the limits of the params on so many different days."""

    code: tuple[str, ...]
    raised_days: int
    window_days: int


@dataclass(frozen=True, slots=True)
class Swing:
    """Highest minus lowest over the last follow-ups with a value."""

    code: tuple[str, ...]
    swing_visits: int
    value: Decimal
    unit: str
    window_days: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """Any value at all of one of these."""

    recorded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Symptom:
    symptom_any: tuple[str, ...]
    scope: Scope = Scope.LAST_FOLLOW_UP
    window_days: int | None = None
    unmentioned: Silence = Silence.ABSENT


@dataclass(frozen=True, slots=True)
class Finding:
    finding_any: tuple[str, ...]
    scope: Scope = Scope.STANDING
    window_days: int | None = None
    unmentioned: Silence = Silence.UNKNOWN


@dataclass(frozen=True, slots=True)
class Diagnosis:
    condition_any: tuple[str, ...]
    state: DiagnosisState = DiagnosisState.ACTIVE
    new_within_days: int | None = None
    older_than_days: int | None = None
    undated: Silence = Silence.UNKNOWN


@dataclass(frozen=True, slots=True)
class Drug:
    """Active drugs of these classes; `including` must be one of the classes."""

    drug_any: tuple[str, ...]
    classes_at_least: int = 1
    including: tuple[str, ...] = ()
    for_days: int = 0


@dataclass(frozen=True, slots=True)
class DrugChange:
    drug_change: tuple[str, ...]
    window_days: int


@dataclass(frozen=True, slots=True)
class Age:
    age: str  # the comparison
    value: Decimal


@dataclass(frozen=True, slots=True)
class OnsetAge:
    onset_age: str  # the comparison
    condition_any: tuple[str, ...]
    value: Decimal


Leaf = (
    Number
    | Target
    | Steady
    | RaisedDays
    | Swing
    | Recorded
    | Symptom
    | Finding
    | Diagnosis
    | Drug
    | DrugChange
    | Age
    | OnsetAge
)


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Tree"


Tree = Leaf | AllOf | AnyOf | Not
Params = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Rule:
    rule_id: str
    direction: Direction
    urgency: Urgency
    when: Tree
    title: str
    text: str
    source: tuple[str, ...]
    from_tier: tuple[Tier, ...] = ()  # empty: at any tier
    to_tier: Tier | None = None
    unless: Tree | None = None
    superseded_by: tuple[str, ...] = ()
    params: Params = field(default_factory=dict)
    referral_urgency: ReferralUrgency | None = None
    check_result_within_days: int | None = None
    next_within_days: int | None = None
    evidence: tuple[str, ...] = ()  # the clauses it rests on, beside its source

    @property
    def answer_within(self) -> ReferralUrgency:
        return self.referral_urgency or REFERRAL_URGENCY[self.urgency]


@dataclass(frozen=True, slots=True)
class Pack:
    """One group's rules, in force from a day on."""

    id: str
    version: str
    title: str
    effective_from: date
    sources: Mapping[str, str]
    rules: tuple[Rule, ...]
    group: str | None = None  # of `groups.py`; None: for everybody
    member: Tree | None = None  # without this only an emergency can fire
    known: Tree | None = None  # the person is known to have the disease
    stable: Tree | None = None  # the machine's part of "can go down"
    stable_rule: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """What one rule says about one person on one day. It proposes only."""

    rule_id: str
    outcome: Outcome
    direction: Direction
    urgency: Urgency
    title: str
    text: str
    evidence: tuple[str, ...]  # references such as Observation/abc
    missing: tuple[str, ...]  # codes without which it stays unknown
    source: tuple[str, ...]
    check_result_by: date | None = None
    next_by: date | None = None
    near_limit: bool = False
    not_asked: tuple[str, ...] = ()  # symptoms read as absent because unmentioned
    superseded_by: str | None = None
    applies: bool = True  # False: the disease itself is not on record
    group: str | None = None
    pack: str = ""
    from_tier: tuple[Tier, ...] = ()
    to_tier: Tier | None = None
    referral_urgency: ReferralUrgency = ReferralUrgency.ROUTINE

    @property
    def fires(self) -> bool:
        return self.outcome is Outcome.FIRES
