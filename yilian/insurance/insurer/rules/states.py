"""The life of a transaction. Change the table, and everything else follows.

What was sent and not answered is `unknown` until the insurer has said what it holds
under the same serial number: it is never booked twice, and never forgotten.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from yilian.kernel.errors import Conflict
from yilian.kernel.text import _


class Kind(StrEnum):
    BOOK = "book"
    REVERSE = "reverse"


KIND_NAMES: Final[Mapping[Kind, str]] = {
    Kind.BOOK: _("结算"),
    Kind.REVERSE: _("红冲"),
}


class State(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    BOOKED = "booked"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    REVERSED = "reversed"
    NEEDLESS = "needless"  # takes back what was never booked there


STATE_NAMES: Final[Mapping[State, str]] = {
    State.QUEUED: _("待发送"),
    State.SENT: _("已发送，等答复"),
    State.BOOKED: _("已入账"),
    State.REFUSED: _("被拒绝"),
    State.UNKNOWN: _("结果未知，待查询"),
    State.REVERSED: _("已冲销"),
    State.NEEDLESS: _("无需发送"),
}


class Step(StrEnum):
    SEND = "send"
    BOOK = "book"
    REFUSE = "refuse"
    LOSE = "lose"
    GIVE_BACK = "give_back"
    REVERSE = "reverse"
    DROP = "drop"


STEP_NAMES: Final[Mapping[Step, str]] = {
    Step.SEND: _("发送"),
    Step.BOOK: _("对方入账"),
    Step.REFUSE: _("对方拒绝"),
    Step.LOSE: _("没有答复"),
    Step.GIVE_BACK: _("退回待发送"),
    Step.REVERSE: _("冲销"),
    Step.DROP: _("无需发送"),
}

NEXT: Final[Mapping[tuple[State, Step], State]] = {
    (State.QUEUED, Step.SEND): State.SENT,
    (State.QUEUED, Step.DROP): State.NEEDLESS,
    (State.SENT, Step.BOOK): State.BOOKED,
    (State.SENT, Step.REFUSE): State.REFUSED,
    (State.SENT, Step.LOSE): State.UNKNOWN,
    (State.SENT, Step.GIVE_BACK): State.QUEUED,
    (State.UNKNOWN, Step.BOOK): State.BOOKED,
    (State.UNKNOWN, Step.REFUSE): State.REFUSED,
    (State.UNKNOWN, Step.GIVE_BACK): State.QUEUED,
    (State.BOOKED, Step.REVERSE): State.REVERSED,
}
OPEN: Final = frozenset({State.QUEUED, State.SENT, State.UNKNOWN})
# Another try for the same settlement may follow these.
WITHOUT_EFFECT: Final = frozenset({State.REFUSED, State.NEEDLESS})
IN_THEIR_BOOK: Final = frozenset({State.BOOKED, State.REVERSED})


class Fault(StrEnum):
    """Why there is no answer; never the other side's own words."""

    NOT_REACHED = "not_reached"
    TIMED_OUT = "timed_out"
    BROKEN_OFF = "broken_off"
    BUSY = "busy"
    THEIR_SIGNATURE = "their_signature"
    OUR_SIGNATURE = "our_signature"
    CLOCK = "clock"
    NO_SENSE = "no_sense"
    ERROR = "error"
    STOPPED = "stopped"


FAULT_NAMES: Final[Mapping[Fault, str]] = {
    Fault.NOT_REACHED: _("连不上医保系统"),
    Fault.TIMED_OUT: _("等待答复超时"),
    Fault.BROKEN_OFF: _("连接中断，没有答复"),
    Fault.BUSY: _("医保系统忙，稍后重发"),
    Fault.THEIR_SIGNATURE: _("答复的签名不对，没有采信"),
    Fault.OUR_SIGNATURE: _("医保系统不认我方签名，请核对密钥"),
    Fault.CLOCK: _("双方时钟相差过大，请校时"),
    Fault.NO_SENSE: _("答复不能识别"),
    Fault.ERROR: _("医保系统出错"),
    Fault.STOPPED: _("我方程序中断，未等到答复"),
}
# These concern the line, not one transaction: everything rests.
OF_THE_LINE: Final = frozenset(
    {Fault.NOT_REACHED, Fault.BUSY, Fault.OUR_SIGNATURE, Fault.CLOCK}
)

# Their codes of refusal (docs/insurer.md) and what the clerk does about each.
REFUSALS: Final[Mapping[str, str]] = {
    "person-unknown": _("对方查无此参保人：核对参保登记后重新发送。"),
    "institution-unknown": _("对方没有这家机构：请医保系统登记定点编号后重新发送。"),
    "amounts-wrong": _("对方认为金额不平：核对结算单，有误则作废重结。"),
    "original-unknown": _("对方没有要冲销的原记录：先查询原流水号。"),
    "already-reversed": _("原记录已经冲销：对账核实，不要再发。"),
    "day-closed": _("对方当日已结账：与医保系统约定记账日后重新发送。"),
    "serial-reused": _("流水号已用于另一笔：对账核实后以新流水号重新发送。"),
    "not-allowed": _("对方按规定拒付：核对后作废结算单，或与医保系统协商后重新发送。"),
    "bad-request": _("对方认为报文有误：请报告系统管理员。"),
}
OTHER_REFUSAL: Final = _("对方拒绝：请与医保系统核实后重新发送。")

_PAUSES: Final = (5, 30, 120, 300, 900, 1800)
LONGEST_UNKNOWN: Final = timedelta(minutes=30)  # then the clerk is told


class StepNotAllowed(Conflict):
    code = "transaction-step-not-allowed"


def next_state(state: State, step: Step) -> State:
    try:
        return NEXT[state, step]
    except KeyError:
        raise StepNotAllowed(
            _("这笔交易当前为“{state}”，不能{step}。请刷新页面查看最新状态。"),
            state=STATE_NAMES[state],
            step=STEP_NAMES[step],
        ) from None


def pause_after(tries: int) -> timedelta:
    """Longer and longer, and never given up."""
    return timedelta(seconds=_PAUSES[min(max(tries, 1), len(_PAUSES)) - 1])


def advice_on(code: str) -> str:
    return REFUSALS.get(code, OTHER_REFUSAL)
