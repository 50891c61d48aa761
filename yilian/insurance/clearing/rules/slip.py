"""The slip of a shared service, 协作服务单: one house did it, another asked for it.

The provider records it, the requester acknowledges it, and then it is posted. The
requester has charged the patient the whole price and keeps its share (RI-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import Clause, clause
from yilian.kernel.dated import Dated
from yilian.kernel.errors import Conflict
from yilian.kernel.money import Fen, share
from yilian.kernel.text import _

EVENT: Final = "shared_service"
PERCENT: Final = 100
_PERCENT_IN_MILLIONTHS: Final = 10_000
START: Final = date(2017, 1, 1)


class Kind(StrEnum):
    TELE_CONSULT = "tele_consult"
    TELE_ECG = "tele_ecg"
    TELE_IMAGING = "tele_imaging"
    TELE_PATHOLOGY = "tele_pathology"
    LABORATORY = "laboratory"
    IMAGING = "imaging"
    STERILISATION = "sterilisation"
    DRUG_DELIVERY = "drug_delivery"
    DISPATCHED_STAFF = "dispatched_staff"


KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.TELE_CONSULT: _("远程会诊"),
    Kind.TELE_ECG: _("远程心电诊断"),
    Kind.TELE_IMAGING: _("远程影像诊断"),
    Kind.TELE_PATHOLOGY: _("远程病理诊断"),
    Kind.LABORATORY: _("检验中心"),
    Kind.IMAGING: _("影像中心"),
    Kind.STERILISATION: _("消毒供应中心"),
    Kind.DRUG_DELIVERY: _("药品配送"),
    Kind.DISPATCHED_STAFF: _("下派人员"),
}
_TELE: Final = clause("NX-2.3.4-d")
_CENTRE: Final = clause("NX-2.3.2-e")
KIND_CLAUSES: Final[Mapping[Kind, Clause]] = {
    Kind.TELE_CONSULT: _TELE,
    Kind.TELE_ECG: _TELE,
    Kind.TELE_IMAGING: _TELE,
    Kind.TELE_PATHOLOGY: _TELE,
    Kind.LABORATORY: _CENTRE,
    Kind.IMAGING: _CENTRE,
    Kind.STERILISATION: _CENTRE,
    Kind.DRUG_DELIVERY: clause("NX-2.3.3-c"),
    Kind.DISPATCHED_STAFF: clause("NX-2.3.1-a"),
}

# --- the split rule (RI-11; DEMO values) --------------------------------------

SPLIT_CLAUSE: Final = clause("RI-11")
_SPLIT_TITLES: Final[Mapping[Kind, str]] = {
    Kind.TELE_CONSULT: _("申请方分成：远程会诊"),
    Kind.TELE_ECG: _("申请方分成：远程心电诊断"),
    Kind.TELE_IMAGING: _("申请方分成：远程影像诊断"),
    Kind.TELE_PATHOLOGY: _("申请方分成：远程病理诊断"),
    Kind.LABORATORY: _("申请方分成：检验中心"),
    Kind.IMAGING: _("申请方分成：影像中心"),
    Kind.STERILISATION: _("申请方分成：消毒供应中心"),
    Kind.DRUG_DELIVERY: _("申请方分成：药品配送"),
    Kind.DISPATCHED_STAFF: _("申请方分成：下派人员"),
}
# What no patient is charged for one by one is owed in full.
_REQUESTER_PERCENT: Final[Mapping[Kind, int]] = {
    kind: 30 if kind_clause is _TELE else 0
    for kind, kind_clause in KIND_CLAUSES.items()
} | {Kind.LABORATORY: 30, Kind.IMAGING: 30}


def _problem(value: int) -> str | None:
    return None if 0 <= value < PERCENT else _("请填 0 至 99 之间的整数。")


def _split(kind: Kind) -> Key[int]:
    from_tele = KIND_CLAUSES[kind] is _TELE
    return Key(
        name=f"clearing.split.{kind.value}",
        title=_SPLIT_TITLES[kind],
        default=Dated({START: _REQUESTER_PERCENT[kind]}),
        clause=SPLIT_CLAUSE if from_tele else clause("OWN"),
        unit=_("占项目价格的百分比"),
        read=int,
        check=_problem,
    )


SPLITS: Final[Mapping[Kind, Key[int]]] = {kind: register(_split(kind)) for kind in Kind}


def provider_share(total: Fen, requester_percent: int) -> Fen:
    """What the requester owes: the rest of the price, rounded half up."""
    return share(total, (PERCENT - requester_percent) * _PERCENT_IN_MILLIONTHS)


# --- its life -----------------------------------------------------------------


class State(StrEnum):
    RECORDED = "recorded"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"


class Step(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    RETURN = "return"
    WITHDRAW = "withdraw"
    VOID = "void"


class Side(StrEnum):
    PROVIDER = "provider"
    REQUESTER = "requester"


@dataclass(frozen=True, slots=True)
class Move:
    """From `source`, by the finance office of `side`, to `target`."""

    step: Step
    source: State
    target: State
    side: Side
    needs_reason: bool = False


MOVES: Final[tuple[Move, ...]] = (
    Move(Step.ACKNOWLEDGE, State.RECORDED, State.ACKNOWLEDGED, Side.REQUESTER),
    Move(Step.RETURN, State.RECORDED, State.RETURNED, Side.REQUESTER, True),
    Move(Step.WITHDRAW, State.RECORDED, State.WITHDRAWN, Side.PROVIDER, True),
    Move(Step.VOID, State.ACKNOWLEDGED, State.VOIDED, Side.PROVIDER, True),
)
BY_STEP: Final[Mapping[Step, Move]] = {move.step: move for move in MOVES}

STATE_NAMES: Final[Mapping[State, str]] = {
    State.RECORDED: _("待签认"),
    State.ACKNOWLEDGED: _("已签认入账"),
    State.RETURNED: _("已退回"),
    State.WITHDRAWN: _("已撤回"),
    State.VOIDED: _("已红冲"),
}
STEP_NAMES: Final[Mapping[Step, str]] = {
    Step.ACKNOWLEDGE: _("签认"),
    Step.RETURN: _("退回"),
    Step.WITHDRAW: _("撤回"),
    Step.VOID: _("冲销"),
}
SIDE_NAMES: Final[Mapping[Side, str]] = {
    Side.PROVIDER: _("提供方"),
    Side.REQUESTER: _("申请方"),
}


class SlipStepNotAllowed(Conflict):
    code = "slip-step-not-allowed"

    def __init__(self, state: State, step: Step) -> None:
        super().__init__(
            _("服务单当前为“{state}”，不能{step}。请刷新页面查看最新状态。"),
            state=STATE_NAMES[state],
            step=STEP_NAMES[step],
        )


def next_state(state: State, step: Step) -> State:
    move = BY_STEP[step]
    if move.source is not state:
        raise SlipStepNotAllowed(state, step)
    return move.target


def steps_from(state: State) -> list[Step]:
    return [move.step for move in MOVES if move.source is state]
