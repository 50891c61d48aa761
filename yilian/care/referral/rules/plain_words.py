"""A referral told to the patient: where it is and what comes next, in plain words.

One sentence each, no terms of the trade. `{place}` is where the patient is going,
`{origin}` who sends, `{when}` the moment that matters in this state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yilian.care.referral.rules.states import State
from yilian.kernel.text import Text, _


@dataclass(frozen=True, slots=True)
class Told:
    """`where`: what has happened; `next`: what to do; `waits_for`: what `when` is."""

    where: str
    next: str
    waits_for: str = ""
    next_without_moment: str = ""


_NOBODY_COMES: Final = _("请联系 {origin}，他们会帮您另作安排。")

TOLD: Final[Mapping[State, Told]] = {
    State.SUBMITTED: Told(
        _("转诊申请已发给 {place}，正在等他们答复。"),
        _("请等电话，最晚 {when} 前会有答复。病情加重请马上去最近的医院或拨打 120。"),
        _("最晚答复"),
        _("请等电话。病情加重请马上去最近的医院或拨打 120。"),
    ),
    State.INFO_REQUESTED: Told(
        _("{place} 想多了解一些情况，已请 {origin} 补充。"),
        _("您不用做什么，{origin} 补充后会继续。"),
    ),
    State.ACCEPTED: Told(
        _("{place} 同意接收您，正在安排时间。"),
        _("请等通知，{when} 前去都有效。去时带上身份证、医保卡和检查单。"),
        _("最晚去的时间"),
        _("请等通知。去时带上身份证、医保卡和检查单。"),
    ),
    State.SCHEDULED: Told(
        _("{place} 已经给您安排好了。"),
        _("请在 {when} 去就诊，带上身份证、医保卡和检查单。"),
        _("就诊时间"),
        _("请按约定时间去就诊，带上身份证、医保卡和检查单。"),
    ),
    State.DEPARTED: Told(
        _("您已经出发去 {place}。"),
        _("到了以后，请到转诊窗口报到，说出转诊单号。"),
    ),
    State.ARRIVED: Told(
        _("您已到 {place}。"),
        _("请听从医生安排。"),
    ),
    State.NO_SHOW: Told(
        _("约好的时间过了，{place} 还没有等到您。"),
        _("请打电话另约时间；不想去了也请告诉他们。"),
    ),
    State.IN_CARE: Told(
        _("您正在 {place} 看病。"),
        _("请听从医生安排。"),
    ),
    State.FEEDBACK_DUE: Told(
        _("您在 {place} 的诊治已经结束。"),
        _("{place} 会把结果告诉 {origin}，请按时复查、吃药。"),
    ),
    State.CANCEL_REQUESTED: Told(
        _("{origin} 申请取消这次转诊，正在等 {place} 确认。"),
        _("如果您仍想去，请马上联系 {origin}。"),
    ),
    State.COMPLETED: Told(
        _("这次转诊已经结束，结果已送回 {origin}。"),
        _("请按时复查、吃药，有不舒服先找 {origin}。"),
    ),
    State.DECLINED: Told(_("{place} 这次不能接收您。"), _NOBODY_COMES),
    State.REDIRECTED: Told(
        _("{place} 把您推荐到了更合适的医院。"),
        _("请看新的那一张转诊单。"),
    ),
    State.WITHDRAWN: Told(_("{origin} 收回了这次转诊。"), _NOBODY_COMES),
    State.CANCELLED: Told(_("这次转诊已取消。"), _NOBODY_COMES),
    State.EXPIRED: Told(
        _("这次转诊过了有效期。"), _("还需要去的话，请联系 {origin} 重新开。")
    ),
    State.DECEASED: Told(_("这次转诊已关闭。"), _("如有疑问，请联系 {origin}。")),
}  # fmt: skip

STEPS_TOLD: Final[Mapping[str, str]] = {
    "submit": _("发出转诊"),
    "request_info": _("对方想多了解情况"),
    "answer_info": _("补充了情况"),
    "accept": _("对方同意接收"),
    "decline": _("对方不能接收"),
    "redirect": _("推荐到别的医院"),
    "schedule": _("安排了时间"),
    "depart": _("出发"),
    "arrive": _("到了医院"),
    "mark_no_show": _("没有按时到"),
    "admit": _("开始看病"),
    "finish_care": _("看完了"),
    "complete": _("结果送回"),
    "withdraw": _("收回转诊"),
    "request_cancel": _("申请取消"),
    "confirm_cancel": _("取消了"),
    "refuse_cancel": _("没有取消"),
    "expire": _("过了有效期"),
    "record_death": _("关闭"),
    "close_elsewhere": _("已在别处住院，关闭"),
}


def tell(
    state: State, *, place: str, origin: str, when: object | None
) -> tuple[Text, Text]:
    """What has happened, and what to do now. `when` is shown as given (a moment)."""
    told = TOLD[state]
    values = {"place": place, "origin": origin, "when": when}
    template = told.next
    if when is None and told.next_without_moment:
        template = told.next_without_moment
    return Text(told.where, values), Text(template, values)
