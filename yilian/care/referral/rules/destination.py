"""Where to send a patient, and why there, 接收机构建议.

Every candidate gets its reasons, good and bad, each with its ground; the order
is a comparison of those reasons, in words and not a secret score. An emergency
looks at capability and minutes first; otherwise the consortium comes first
(NX-2.2.4-c).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from yilian.care.referral.rules.reasons import Urgency
from yilian.kernel.clause import Clause, clause
from yilian.kernel.text import Text, _
from yilian.kernel.tier import Direction, Tier, direction, skips

IN_CONSORTIUM: Final = clause("NX-2.2.4-c")
AGREEMENT: Final = clause("NX-2.2.4-a")
GREEN_LANE: Final = clause("NX-2.2.4-b")
LADDER: Final = clause("NX-2.1.3-d")
CAPABLE: Final = clause("NX-2.2.2-b")
CHOSEN: Final = clause("NX-2.2.3-b")
PLACES: Final = clause("NX-2.2.3-d")
BACK: Final = clause("NX-2.2.4-d")
HOME: Final = clause("NX-2.2.4-d")
OWN: Final = clause("OWN")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of an institution, for one patient."""

    institution_id: UUID
    name: str
    tier: Tier
    department_id: UUID | None  # one that treats the diagnosis, or None
    department_name: str
    consortium_names: tuple[str, ...]
    has_agreement: bool
    is_chosen: bool
    free_beds: int | None  # None: keeps none or has not said
    next_slot_at: datetime | None
    km: float | None
    minutes: int | None
    phone: str = ""
    is_home: bool = False  # serves the place where the person lives
    has_sent: bool = False  # the person came up from there


@dataclass(frozen=True, slots=True)
class Because:
    text: Text
    clause: Clause
    is_good: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    candidate: Candidate
    direction: Direction
    because: tuple[Because, ...]
    needs_skip_reason: bool
    needs_outside_reason: bool
    has_green_lane: bool


def propose(
    source: Tier, urgency: Urgency, candidates: Iterable[Candidate]
) -> list[Proposal]:
    """Best first; the same facts always give the same order."""
    proposals = [explain(source, urgency, candidate) for candidate in candidates]
    return sorted(proposals, key=lambda p: _order(p, urgency))


def explain(source: Tier, urgency: Urgency, candidate: Candidate) -> Proposal:
    is_skipping = skips(source, candidate.tier)
    return Proposal(
        candidate=candidate,
        direction=direction(source, candidate.tier),
        because=(
            *_policy_reasons(candidate, is_skipping, urgency),
            *_practical_reasons(candidate),
        ),
        needs_skip_reason=is_skipping,
        needs_outside_reason=not candidate.consortium_names,
        # An emergency always has the green lane (decisions 24).
        has_green_lane=candidate.has_agreement or urgency is Urgency.STAT,
    )


def _policy_reasons(
    candidate: Candidate, is_skipping: bool, urgency: Urgency
) -> list[Because]:
    found = [
        _because(
            bool(candidate.consortium_names),
            Text(_("同在{names}"), {"names": list(candidate.consortium_names)}),
            Text(_("不在同一医联体，须说明原因")),
            IN_CONSORTIUM,
        ),
        _because(
            candidate.has_agreement,
            Text(_("双向转诊协议有效")),
            Text(_WITHOUT_AGREEMENT[urgency is Urgency.STAT]),
            AGREEMENT,
        ),
        _because(
            candidate.department_id is not None,
            Text(
                _("{department}可诊治此病"), {"department": candidate.department_name}
            ),
            Text(_("未登记可诊治此病的科室")),
            CAPABLE,
        ),
    ]
    if is_skipping:
        found.append(Because(Text(_("越级转诊，须说明原因")), LADDER, False))
    if candidate.is_chosen:
        found.append(Because(Text(_("患者的签约机构")), CHOSEN, True))
    return found


_WITHOUT_AGREEMENT: Final = {
    False: _("没有有效的双向转诊协议，绿色通道未开通"),
    True: _("没有有效的双向转诊协议，急诊仍走绿色通道"),
}


def _practical_reasons(candidate: Candidate) -> list[Because]:
    found = []
    if candidate.free_beds is not None:
        beds = Text(_("空床 {count} 张"), {"count": candidate.free_beds})
        found.append(Because(beds, PLACES, candidate.free_beds > 0))
    if candidate.next_slot_at is not None:
        soonest = Text(_("最早号源 {at}"), {"at": candidate.next_slot_at})
        found.append(Because(soonest, PLACES, True))
    if candidate.is_home:
        found.append(Because(Text(_("患者居住地的机构")), HOME, True))
    if candidate.has_sent:
        found.append(Because(Text(_("患者由此转来")), BACK, True))
    if candidate.minutes is not None and candidate.km is not None:
        way = {"km": round(candidate.km), "minutes": candidate.minutes}
        found.append(Because(Text(_("约 {km} 公里，{minutes} 分钟"), way), OWN, True))
    return found


def _because(holds: bool, good: Text, bad: Text, ground: Clause) -> Because:
    return Because(good if holds else bad, ground, holds)


def _order(proposal: Proposal, urgency: Urgency) -> tuple[object, ...]:
    c = proposal.candidate
    minutes = c.minutes if c.minutes is not None else 10_000
    capable = c.department_id is None
    full = c.free_beds == 0
    if urgency is Urgency.STAT:
        return (capable, full, minutes, not c.has_agreement, c.name)
    # Down, whoever sent the patient up is asked first: they know each other.
    is_back = proposal.direction is Direction.DOWN and c.has_sent
    return (
        not is_back,
        capable,
        not c.consortium_names,
        proposal.needs_skip_reason,
        not c.has_agreement,
        not c.is_chosen,
        not c.is_home,
        full,
        minutes,
        c.name,
    )
