"""The life of a monthly statement between two houses, 对账单. `MOVES` is the table.

Drawn → confirmed by one → confirmed by both → paid; or disputed, then adjusted by
an entry of its own (never an edit), then confirmed again. Buttons, error texts,
the diagram and the tests come from the table.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from yilian.kernel.errors import Conflict
from yilian.kernel.text import _


class State(StrEnum):
    DRAWN = "drawn"
    HALF_CONFIRMED = "half_confirmed"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    ADJUSTED = "adjusted"
    PAID = "paid"


class Step(StrEnum):
    CONFIRM = "confirm"
    DISPUTE = "dispute"
    ANSWER = "answer"
    WITHDRAW = "withdraw"
    ADJUST = "adjust"
    PAY = "pay"
    SETTLE = "settle"


class Side(StrEnum):
    """How an actor stands to a statement at this moment."""

    PARTY = "party"  # either house
    SECOND = "second"  # the house that has not confirmed yet
    DISPUTER = "disputer"
    ANSWERER = "answerer"  # the other house of a dispute
    PAYER = "payer"
    OFFICE = "office"  # of a house leading the consortium
    SYSTEM = "system"


class Clock(StrEnum):
    """What is waited for; each has its limit in days (`rules/clocks.py`)."""

    CONFIRM = "confirm"
    ANSWER = "answer"
    PAY = "pay"


class Need(StrEnum):
    REASON = "reason"
    TEXT = "text"
    AMOUNT = "amount"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Move:
    step: Step
    sources: tuple[State, ...]
    target: State
    sides: tuple[Side, ...]
    needs: tuple[Need, ...] = ()
    effects: tuple[str, ...] = ()


MOVES: Final[tuple[Move, ...]] = (
    Move(Step.CONFIRM, (State.DRAWN, State.ADJUSTED), State.HALF_CONFIRMED,
         (Side.PARTY,), (), (_("本方签字"), _("通知对方确认"))),
    Move(Step.CONFIRM, (State.HALF_CONFIRMED,), State.CONFIRMED, (Side.SECOND,), (),
         (_("双方签字完成"), _("付款计时开始"), _("通知应付方"))),
    Move(Step.DISPUTE, (State.DRAWN, State.HALF_CONFIRMED, State.ADJUSTED),
         State.DISPUTED, (Side.PARTY,), (Need.REASON, Need.TEXT),
         (_("答复计时开始"), _("通知对方"))),
    Move(Step.ANSWER, (State.DISPUTED,), State.DISPUTED, (Side.ANSWERER,),
         (Need.TEXT,), (_("答复记入异议"), _("通知提出方"))),
    Move(Step.WITHDRAW, (State.DISPUTED,), State.DRAWN, (Side.DISPUTER,),
         (Need.TEXT,), (_("异议撤销"), _("重新确认"))),
    Move(Step.ADJUST, (State.DISPUTED,), State.ADJUSTED,
         (Side.ANSWERER, Side.OFFICE), (Need.AMOUNT, Need.TEXT),
         (_("调整分录记入开放期间"), _("异议了结"), _("重新确认"))),
    Move(Step.PAY, (State.CONFIRMED,), State.PAID, (Side.PAYER,), (Need.EVIDENCE,),
         (_("付款分录"), _("通知收款方"))),
    Move(Step.SETTLE, (State.CONFIRMED,), State.PAID, (Side.SYSTEM,), (),
         (_("净额为零，互相冲抵"),)),
)  # fmt: skip

BY_KEY: Final[Mapping[tuple[State, Step], Move]] = {
    (source, move.step): move for move in MOVES for source in move.sources
}
FINAL: Final = frozenset(State) - {
    source for (source, _step), move in BY_KEY.items() if move.target is not source
}
# A period may be closed over these: signed by both, or on record as contested.
AGREED: Final = frozenset({State.CONFIRMED, State.PAID})
TO_CONFIRM: Final = frozenset({State.DRAWN, State.HALF_CONFIRMED, State.ADJUSTED})

CLOCKS: Final[Mapping[State, Clock]] = {
    State.DRAWN: Clock.CONFIRM,
    State.HALF_CONFIRMED: Clock.CONFIRM,
    State.ADJUSTED: Clock.CONFIRM,
    State.DISPUTED: Clock.ANSWER,
    State.CONFIRMED: Clock.PAY,
}
STATE_NAMES: Final[Mapping[State, str]] = {
    State.DRAWN: _("待确认"),
    State.HALF_CONFIRMED: _("一方已确认"),
    State.CONFIRMED: _("双方已确认"),
    State.DISPUTED: _("有异议"),
    State.ADJUSTED: _("已调整待确认"),
    State.PAID: _("已结清"),
}
STEP_NAMES: Final[Mapping[Step, str]] = {
    Step.CONFIRM: _("确认"),
    Step.DISPUTE: _("提出异议"),
    Step.ANSWER: _("答复异议"),
    Step.WITHDRAW: _("撤销异议"),
    Step.ADJUST: _("调整"),
    Step.PAY: _("登记付款"),
    Step.SETTLE: _("冲抵结清"),
}
DRAWN_WORDS: Final = _("出具")
REDRAWN_WORDS: Final = _("重新出具")
SIDE_NAMES: Final[Mapping[Side, str]] = {
    Side.PARTY: _("双方任一机构的医保财务"),
    Side.SECOND: _("尚未确认一方的医保财务"),
    Side.DISPUTER: _("提出异议一方的医保财务"),
    Side.ANSWERER: _("被提异议一方的医保财务"),
    Side.PAYER: _("应付一方的医保财务"),
    Side.OFFICE: _("医联体牵头单位的医联体办公室"),
    Side.SYSTEM: _("系统"),
}


class StatementStepNotAllowed(Conflict):
    code = "statement-step-not-allowed"

    def __init__(self, state: State, step: Step) -> None:
        super().__init__(
            _(
                "对账单当前为“{state}”，不能{step}。此时可以进行的操作：{allowed}。"
                "请刷新页面查看最新状态。"
            ),
            state=STATE_NAMES[state],
            step=STEP_NAMES[step],
            allowed=[STEP_NAMES[one] for one in steps_from(state)] or [_("无")],
        )


def move(state: State, step: Step) -> Move:
    try:
        return BY_KEY[state, step]
    except KeyError:
        raise StatementStepNotAllowed(state, step) from None


def steps_from(state: State) -> list[Step]:
    """The steps people can take."""
    return [
        step
        for (source, step), taken in BY_KEY.items()
        if source is state and taken.sides != (Side.SYSTEM,)
    ]


# --- what is signed -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signed:
    """An entry as a signature covers it."""

    entry_id: UUID
    one_owes: Decimal
    other_owes: Decimal


def digest_of(lines: Iterable[Signed]) -> str:
    """Changes with every entry that comes, goes or reads otherwise."""
    said = sorted(f"{x.entry_id}|{x.one_owes}|{x.other_owes}" for x in lines)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


# --- disputes -----------------------------------------------------------------


class Reason(StrEnum):
    NOT_DONE = "not_done"
    WRONG_QUANTITY = "wrong_quantity"
    WRONG_PRICE = "wrong_price"
    WRONG_SPLIT = "wrong_split"
    CHARGED_TWICE = "charged_twice"
    WRONG_HOUSE = "wrong_house"
    QUALITY = "quality"
    OTHER = "other"


REASON_NAMES: Final[Mapping[Reason, str]] = {
    Reason.NOT_DONE: _("服务没有发生"),
    Reason.WRONG_QUANTITY: _("数量不符"),
    Reason.WRONG_PRICE: _("价格不符"),
    Reason.WRONG_SPLIT: _("分成比例不符"),
    Reason.CHARGED_TWICE: _("重复收费"),
    Reason.WRONG_HOUSE: _("不是本机构的业务"),
    Reason.QUALITY: _("质量不合格，应重做或退回"),
    Reason.OTHER: _("其他"),
}


class Answer(StrEnum):
    ACCEPTED = "accepted"
    PARTLY = "partly"
    REJECTED = "rejected"
    EXPLAINED = "explained"


ANSWER_NAMES: Final[Mapping[Answer, str]] = {
    Answer.ACCEPTED: _("同意"),
    Answer.PARTLY: _("部分同意"),
    Answer.REJECTED: _("不同意"),
    Answer.EXPLAINED: _("补充说明"),
}


class DisputeState(StrEnum):
    OPEN = "open"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


DISPUTE_NAMES: Final[Mapping[DisputeState, str]] = {
    DisputeState.OPEN: _("处理中"),
    DisputeState.SETTLED: _("已调整了结"),
    DisputeState.WITHDRAWN: _("已撤回"),
}
