"""How the insurer takes a stay: its referral state, and why (RI-4).

A referral that led to the house brings its own compliance verdict. Without one the
default test holds: first contact at primary, exempt persons, and else the reading of
`no_referral_counts_as_non_compliant` (D4). Visits are not asked how they came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from yilian.insurance.settlement.rules.case import (
    Insured,
    Place,
    Referral,
    Service,
)
from yilian.insurance.settlement.rules.inpatient import assumed_referral
from yilian.insurance.settlement.rules.ledger import Source
from yilian.insurance.settlement.rules.terms import Terms
from yilian.kernel.text import _

_DELIVERY: Final = ("O80", "O81", "O82", "O83", "O84")


@dataclass(frozen=True, slots=True)
class Reason:
    """One question, its answer (None: cannot be said), its ground."""

    key: str
    question: str
    holds: bool | None
    clause: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Hop:
    """The referral a stay came on: its verdict as it was stored, and whether it led
    to this house (or to another of the same tier in the same consortium)."""

    verdict: str
    checks: Sequence[Mapping[str, Any]]
    leads_here: bool


@dataclass(frozen=True, slots=True)
class Coming:
    """What is known of how a patient came; the rule looks nothing up."""

    service: Service
    insured: Insured
    terms: Terms
    hop: Hop | None = None
    diagnosis: str = ""
    has_remote_filing: bool = False
    tags: frozenset[str] = frozenset()
    exemptions: frozenset[str] = frozenset()  # those the set names


@dataclass(frozen=True, slots=True)
class Decided:
    state: Referral
    source: Source
    reasons: tuple[Reason, ...] = field(default=())

    def reasons_as_json(self) -> list[dict[str, Any]]:
        return [reason.as_json() for reason in self.reasons]


def decide(coming: Coming) -> Decided:
    """The state of a stay, with every question that led to it."""
    hop = coming.hop
    if hop is None:
        without = Reason("referral", _("有转到本机构的转诊单"), False, "RI-4")
        return _by_rule(coming, (without,))
    told = (
        Reason("referral", _("有转到本机构的转诊单"), hop.leads_here, "RI-4"),
        *(_of_check(check) for check in hop.checks),
    )
    state = _BY_VERDICT.get(hop.verdict) if hop.leads_here else None
    if state is None:
        return _by_rule(coming, told)
    if coming.service.place is Place.OUTSIDE:
        state = Referral.REMOTE_FILED
    return Decided(state, Source.VERDICT, told)


# "pending" and "non_compliant" leave the stay to the default test.
_BY_VERDICT: Final[Mapping[str, Referral]] = {
    state.value: state
    for state in (
        Referral.COMPLIANT_UP,
        Referral.COMPLIANT_DOWN,
        Referral.COMPLIANT_SAME_TIER,
        Referral.EMERGENCY_EXEMPT,
        Referral.EXEMPT_PERSON,
    )
}


def _of_check(check: Mapping[str, Any]) -> Reason:
    return Reason(check["key"], check["question"], check["holds"], check["clause"])


def _by_rule(coming: Coming, told: tuple[Reason, ...]) -> Decided:
    state, reason = _assumed(coming)
    return Decided(state, Source.RULE, (*told, reason))


def _assumed(coming: Coming) -> tuple[Referral, Reason]:
    if coming.service.place is Place.OUTSIDE and coming.has_remote_filing:
        filed = Reason("filed", _("已办理异地就医备案"), True, "RI-5")
        return Referral.REMOTE_FILED, filed
    state = assumed_referral(coming.service, coming.insured, coming.terms)
    exempt = _exempt(coming) if state is Referral.NON_COMPLIANT else None
    if exempt is not None:
        return Referral.EXEMPT_PERSON, exempt
    if state is Referral.FIRST_CONTACT and coming.service.place in _NOT_PRIMARY:
        return state, _NOT_ASKED
    return state, _WHY[state]


_NOT_PRIMARY: Final = frozenset({Place.SECONDARY, Place.TERTIARY})
_NOT_ASKED: Final = Reason(
    "no_referral", _("无转诊视为不合规（本地口径）"), False, "D4"
)
_WHY: Final[Mapping[Referral, Reason]] = {
    Referral.FIRST_CONTACT: Reason("first_contact", _("基层首诊"), True, "RI-4"),
    Referral.EXEMPT_PERSON: Reason("age", _("属于豁免年龄"), True, "RI-4"),
    Referral.NON_COMPLIANT: Reason(
        "no_referral", _("无转诊视为不合规（本地口径）"), True, "D4"
    ),
    Referral.REMOTE_UNFILED: Reason("filed", _("已办理异地就医备案"), False, "RI-5"),
}


def _exempt(coming: Coming) -> Reason | None:
    if coming.tags & coming.exemptions:
        return Reason("person", _("属于免于转诊要求的人群"), True, "RI-4")
    if "delivery" in coming.exemptions and coming.diagnosis[:3] in _DELIVERY:
        return Reason("delivery", _("住院分娩"), True, "RI-4")
    return None
