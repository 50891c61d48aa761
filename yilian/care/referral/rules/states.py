"""The life of one hop of a referral. Change the table, and everything follows.

Who may do a step (side and role), what it needs, what it does to the clock and
what else happens: buttons, error texts, the diagram in `docs/states` and the
tests come from `MOVES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yilian.kernel.errors import Conflict
from yilian.kernel.text import _


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    INFO_REQUESTED = "info_requested"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    NO_SHOW = "no_show"
    IN_CARE = "in_care"
    FEEDBACK_DUE = "feedback_due"
    CANCEL_REQUESTED = "cancel_requested"
    COMPLETED = "completed"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DECEASED = "deceased"
    ENTERED_IN_ERROR = "entered_in_error"


class Step(StrEnum):
    SUBMIT = "submit"
    REQUEST_INFO = "request_info"
    ANSWER_INFO = "answer_info"
    ACCEPT = "accept"
    DECLINE = "decline"
    REDIRECT = "redirect"
    SCHEDULE = "schedule"
    DEPART = "depart"
    ARRIVE = "arrive"
    MARK_NO_SHOW = "mark_no_show"
    ADMIT = "admit"
    FINISH_CARE = "finish_care"
    COMPLETE = "complete"
    WITHDRAW = "withdraw"
    REQUEST_CANCEL = "request_cancel"
    CONFIRM_CANCEL = "confirm_cancel"
    REFUSE_CANCEL = "refuse_cancel"
    EXPIRE = "expire"
    RECORD_DEATH = "record_death"
    CLOSE_ELSEWHERE = "close_elsewhere"
    MARK_ERROR = "mark_error"


class Side(StrEnum):
    SENDER = "sender"
    RECEIVER = "receiver"
    SYSTEM = "system"


class Clock(StrEnum):
    """What a step does to the answer clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class Need(StrEnum):
    """A fact a step cannot be taken without."""

    CONTENT = "content"  # the hand-over list of rules-clinical 14
    CONSENT = "consent"
    QUESTION = "question"
    ANSWER = "answer"
    REASON = "reason"  # a coded reason
    TARGET = "target"
    VISIT = "visit"  # a day, and a place where the receiver keeps places
    FEEDBACK = "feedback"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Move:
    """From one of `sources`, by `side` in one of `roles`, to `target`."""

    step: Step
    sources: tuple[State, ...]
    target: State
    sides: tuple[Side, ...]
    roles: tuple[str, ...] = ()  # values of access.actor.Role
    needs: tuple[Need, ...] = ()
    clock: Clock | None = None
    effects: tuple[str, ...] = ()
    # The state it had before the step asked about; `target` when that is unknown.
    goes_back: bool = False


_CLINIC: Final = ("physician", "referral_desk")
_DOCTOR: Final = ("physician",)
_WAITING: Final = (State.SUBMITTED, State.INFO_REQUESTED)
_COMING: Final = (State.ACCEPTED, State.SCHEDULED, State.DEPARTED)
_PRESENT: Final = (State.ARRIVED, State.IN_CARE)

MOVES: Final[tuple[Move, ...]] = (
    Move(Step.SUBMIT, (State.DRAFT,), State.SUBMITTED, (Side.SENDER,), _CLINIC,
         (Need.CONTENT, Need.CONSENT, Need.TARGET), Clock.START,
         (_("接收方可见摘要"), _("应答计时开始"), _("通知接收方"))),
    Move(Step.REQUEST_INFO, (State.SUBMITTED,), State.INFO_REQUESTED,
         (Side.RECEIVER,), _CLINIC, (Need.QUESTION,), Clock.PAUSE,
         (_("应答计时暂停"), _("通知转出方"))),
    Move(Step.ANSWER_INFO, (State.INFO_REQUESTED,), State.SUBMITTED, (Side.SENDER,),
         _CLINIC, (Need.ANSWER,), Clock.RESUME,
         (_("应答计时继续"), _("通知接收方"))),
    Move(Step.ACCEPT, (State.SUBMITTED,), State.ACCEPTED, (Side.RECEIVER,), _CLINIC,
         (), Clock.STOP,
         (_("接收方可见全部档案"), _("预留床位或号源"), _("通知转出方和患者"))),
    Move(Step.DECLINE, _WAITING, State.DECLINED, (Side.RECEIVER,), _CLINIC,
         (Need.REASON,), Clock.STOP, (_("接收方不再可见病情"), _("通知转出方"))),
    Move(Step.REDIRECT, _WAITING, State.REDIRECTED, (Side.RECEIVER,), _CLINIC,
         (Need.TARGET, Need.REASON), Clock.STOP,
         (_("生成发往新机构的下一程"), _("通知各方"))),
    Move(Step.SCHEDULE, (State.ACCEPTED, State.SCHEDULED, State.NO_SHOW),
         State.SCHEDULED, (Side.RECEIVER,), _CLINIC, (Need.VISIT,), None,
         (_("预留床位或号源"), _("通知转出方和患者"))),
    Move(Step.DEPART, (State.ACCEPTED, State.SCHEDULED), State.DEPARTED,
         (Side.SENDER,), _CLINIC, (), None, (_("通知接收方"),)),
    Move(Step.ARRIVE, (*_COMING, State.NO_SHOW), State.ARRIVED, (Side.RECEIVER,),
         ("physician", "referral_desk", "nurse"), (), None,
         (_("开始就诊"), _("占用预留的床位或号源"), _("通知转出方"))),
    Move(Step.MARK_NO_SHOW, _COMING, State.NO_SHOW, (Side.RECEIVER, Side.SYSTEM),
         _CLINIC, (), None, (_("释放预留"), _("安排电话联系"), _("通知转出方"))),
    Move(Step.ADMIT, (State.ARRIVED,), State.IN_CARE, (Side.RECEIVER,), _DOCTOR),
    Move(Step.FINISH_CARE, _PRESENT, State.FEEDBACK_DUE, (Side.RECEIVER,), _CLINIC,
         (), None, (_("结束就诊"), _("反馈计时开始"))),
    Move(Step.COMPLETE, (*_PRESENT, State.FEEDBACK_DUE), State.COMPLETED,
         (Side.RECEIVER,), _DOCTOR, (Need.FEEDBACK,), None,
         (_("结束就诊"), _("反馈送达转出方"))),
    Move(Step.WITHDRAW, (State.DRAFT, *_WAITING), State.WITHDRAWN, (Side.SENDER,),
         _CLINIC, (Need.REASON,), Clock.STOP, (_("接收方不再可见病情"),)),
    Move(Step.REQUEST_CANCEL, (*_COMING, State.NO_SHOW), State.CANCEL_REQUESTED,
         (Side.SENDER,), _CLINIC, (Need.REASON,), None, (_("请接收方确认"),)),
    Move(Step.CONFIRM_CANCEL, (State.CANCEL_REQUESTED,), State.CANCELLED,
         (Side.RECEIVER,), _CLINIC, (), None, (_("释放预留"), _("通知转出方"))),
    Move(Step.REFUSE_CANCEL, (State.CANCEL_REQUESTED,), State.ACCEPTED,
         (Side.RECEIVER,), _CLINIC, (Need.REASON,), None,
         (_("回到申请取消前的状态"), _("通知转出方")), goes_back=True),
    Move(Step.EXPIRE, (*_WAITING, State.ACCEPTED, State.SCHEDULED, State.NO_SHOW),
         State.EXPIRED, (Side.SYSTEM,), (), (), Clock.STOP,
          (_("释放预留"), _("通知双方"))),
    Move(Step.RECORD_DEATH,
         (State.DRAFT, *_WAITING, *_COMING, *_PRESENT, State.NO_SHOW,
          State.CANCEL_REQUESTED, State.FEEDBACK_DUE),
         State.DECEASED, (Side.SENDER, Side.RECEIVER, Side.SYSTEM), _DOCTOR,
         (Need.EVIDENCE,), Clock.STOP, (_("释放预留"), _("通知双方"))),
    Move(Step.CLOSE_ELSEWHERE,
         (*_WAITING, *_COMING, State.NO_SHOW, State.CANCEL_REQUESTED),
         State.CANCELLED, (Side.SYSTEM,), (), (Need.REASON,), Clock.STOP,
         (_("释放预留"), _("通知双方"))),
    Move(Step.MARK_ERROR, (State.DRAFT, *_WAITING, *_COMING, State.NO_SHOW),
         State.ENTERED_IN_ERROR, (Side.SENDER,), _DOCTOR, (Need.REASON,), Clock.STOP,
         (_("释放预留"), _("接收方不再可见病情"))),
)  # fmt: skip

BY_KEY: Final[Mapping[tuple[State, Step], Move]] = {
    (source, move.step): move for move in MOVES for source in move.sources
}
NEXT: Final[Mapping[tuple[State, Step], State]] = {
    key: move.target for key, move in BY_KEY.items()
}

FINAL: Final = frozenset(State) - {state for state, _step in NEXT}
OPEN: Final = frozenset(State) - FINAL
# A hop whose patient is still to be dealt with; at most one per episode, besides
# a parent awaiting feedback (decisions 23). A draft is nobody's business yet.
LIVE: Final = OPEN - {State.FEEDBACK_DUE, State.DRAFT}
WAITING: Final = frozenset(_WAITING)
COMING: Final = frozenset(_COMING)
PRESENT: Final = frozenset(_PRESENT)
# The receiver keeps the row and its reason, without clinical content.
CLOSED_TO_RECEIVER: Final = frozenset(
    {
        State.DECLINED,
        State.WITHDRAWN,
        State.REDIRECTED,
        State.CANCELLED,
        State.EXPIRED,
        State.ENTERED_IN_ERROR,
    }
)

STATE_NAMES: Final[Mapping[State, str]] = {
    State.DRAFT: _("草稿"),
    State.SUBMITTED: _("待应答"),
    State.INFO_REQUESTED: _("待补充资料"),
    State.ACCEPTED: _("已接收"),
    State.SCHEDULED: _("已安排"),
    State.DEPARTED: _("已出发"),
    State.ARRIVED: _("已到诊"),
    State.NO_SHOW: _("未到诊"),
    State.IN_CARE: _("在诊治"),
    State.FEEDBACK_DUE: _("待反馈"),
    State.CANCEL_REQUESTED: _("待确认取消"),
    State.COMPLETED: _("已完成"),
    State.DECLINED: _("已退回"),
    State.REDIRECTED: _("已转荐"),
    State.WITHDRAWN: _("已撤回"),
    State.CANCELLED: _("已取消"),
    State.EXPIRED: _("已过期"),
    State.DECEASED: _("患者死亡"),
    State.ENTERED_IN_ERROR: _("登记有误"),
}

STEP_NAMES: Final[Mapping[Step, str]] = {
    Step.SUBMIT: _("提交"),
    Step.REQUEST_INFO: _("询问"),
    Step.ANSWER_INFO: _("补充资料"),
    Step.ACCEPT: _("接收"),
    Step.DECLINE: _("退回"),
    Step.REDIRECT: _("转荐"),
    Step.SCHEDULE: _("安排"),
    Step.DEPART: _("登记出发"),
    Step.ARRIVE: _("登记到诊"),
    Step.MARK_NO_SHOW: _("登记未到"),
    Step.ADMIT: _("开始诊治"),
    Step.FINISH_CARE: _("结束诊治"),
    Step.COMPLETE: _("反馈并完成"),
    Step.WITHDRAW: _("撤回"),
    Step.REQUEST_CANCEL: _("申请取消"),
    Step.CONFIRM_CANCEL: _("确认取消"),
    Step.REFUSE_CANCEL: _("不同意取消"),
    Step.EXPIRE: _("过期"),
    Step.RECORD_DEATH: _("登记死亡"),
    Step.CLOSE_ELSEWHERE: _("因他处住院关闭"),
    Step.MARK_ERROR: _("登记有误"),
}
SIDE_NAMES: Final[Mapping[Side, str]] = {
    Side.SENDER: _("转出方"),
    Side.RECEIVER: _("接收方"),
    Side.SYSTEM: _("系统"),
}


class StepNotAllowed(Conflict):
    """What was refused, why, and what may be done now."""

    code = "referral-step-not-allowed"

    def __init__(self, state: State, step: Step) -> None:
        self.state, self.step = state, step
        allowed = [STEP_NAMES[s] for s in steps_from(state)]
        if not allowed:
            super().__init__(
                _(
                    "转诊单当前为“{state}”，已经办结，不能{step}。请刷新页面查看最新状态。"
                ),
                state=STATE_NAMES[state],
                step=STEP_NAMES[step],
            )
            return
        super().__init__(
            _(
                "转诊单当前为“{state}”，不能{step}。此时可以进行的操作：{allowed}。"
                "请刷新页面查看最新状态。"
            ),
            state=STATE_NAMES[state],
            step=STEP_NAMES[step],
            allowed=allowed,
        )


def move(state: State, step: Step) -> Move:
    try:
        return BY_KEY[state, step]
    except KeyError:
        raise StepNotAllowed(state, step) from None


def steps_from(state: State) -> list[Step]:
    """The steps people can take (the system's own steps are not offered)."""
    return [
        step
        for (source, step), taken in BY_KEY.items()
        if source == state and taken.sides != (Side.SYSTEM,)
    ]
