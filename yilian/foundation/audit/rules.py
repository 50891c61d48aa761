"""Words of the audit trail: outcomes, actions and grounds as people read them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.foundation.access.actor import ROLE_NAMES
from yilian.kernel.text import Text, _


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


OUTCOME_NAMES: Final[Mapping[Outcome, str]] = {
    Outcome.DONE: _("已完成"),
    Outcome.REFUSED: _("被拒绝"),
    Outcome.FAILED: _("未成功"),
}

# An action is `thing.verb`; both are said from these tables, unknown ones as written.
THINGS: Final[Mapping[str, str]] = {
    "account": _("账号"),
    "agreement": _("协议"),
    "audit": _("审计"),
    "bed": _("床位"),
    "break_glass": _("紧急调阅"),
    "consent": _("授权"),
    "consortium": _("医联体"),
    "department": _("科室"),
    "directory": _("机构资料"),
    "duty": _("值班"),
    "encounter": _("就诊"),
    "episode": _("转诊病程"),
    "exchange": _("接口消息"),
    "equipment": _("设备"),
    "grant": _("可见范围"),
    "institution": _("机构"),
    "notify": _("消息"),
    "outbox": _("事件"),
    "parameters": _("参数"),
    "password": _("密码"),
    "person": _("居民信息"),
    "places": _("床位号源"),
    "population": _("居民信息"),
    "post": _("岗位"),
    "practitioner": _("人员"),
    "proxy": _("代办"),
    "reception": _("接诊登记"),
    "record": _("健康档案"),
    "referral": _("转诊"),
    "scheduling": _("床位号源"),
    "second_factor": _("第二重验证"),
    "session": _("登录"),
    "slot": _("号源"),
    "terminology": _("术语"),
}
VERBS: Final[Mapping[str, str]] = {
    "accept": _("接收"),
    "add": _("新增"),
    "add_identifier": _("补登证件"),
    "admit": _("收治"),
    "amend": _("更改"),
    "answer_info": _("补充资料"),
    "appoint": _("任命"),
    "appoint_proxy": _("登记代办人"),
    "arrive": _("到诊"),
    "attach": _("添加附件"),
    "attachment_error": _("附件标记有误"),
    "ask_code": _("发送验证码"),
    "assign": _("分派"),
    "begin": _("开始设置"),
    "break_glass": _("紧急调阅"),
    "cancel": _("取消"),
    "candidates": _("查看可下转名单"),
    "change_contact": _("更改联系信息"),
    "change_feed": _("更改接口"),
    "change_peer": _("更改对端"),
    "choose_person": _("选定居民"),
    "change_password": _("修改密码"),
    "close": _("结束"),
    "close_elsewhere": _("因他处住院关闭"),
    "close_feed": _("停用接口"),
    "complete": _("办结"),
    "confirm": _("开启"),
    "confirm_cancel": _("确认取消"),
    "consent": _("登记授权"),
    "correct": _("更正"),
    "decline": _("退回"),
    "depart": _("出发"),
    "detach": _("移除附件"),
    "draft": _("起草"),
    "end": _("终止"),
    "end_contract": _("解约"),
    "end_proxy": _("终止代办"),
    "expire": _("过期"),
    "export": _("导出"),
    "finish_care": _("结束诊治"),
    "follow_up": _("登记随访"),
    "forget_peer": _("停用对端"),
    "found": _("设立"),
    "found_closed": _("打开而无依据"),
    "give": _("给予"),
    "hold": _("预留"),
    "join": _("加入"),
    "leave": _("离开"),
    "load": _("导入"),
    "lock": _("锁定"),
    "map": _("存代码对照"),
    "mark_error": _("登记有误"),
    "mark_no_show": _("登记未到"),
    "note_contract": _("登记签约"),
    "open": _("打开"),
    "open_feed": _("登记接口"),
    "open_message": _("查看消息"),
    "open_original": _("查看原文"),
    "open_peer": _("登记对端"),
    "open_attachment": _("打开附件"),
    "plan": _("安排"),
    "print": _("打印"),
    "propose": _("提出"),
    "prove_presence": _("核验本人到场"),
    "put_many": _("批量写入"),
    "read": _("查看"),
    "receive": _("收到"),
    "record_death": _("登记死亡"),
    "redirect": _("转往别处"),
    "refuse": _("拒绝"),
    "refuse_cancel": _("不同意取消"),
    "register": _("登记"),
    "reject": _("不同意"),
    "release": _("发布"),
    "renew_secret": _("换口令"),
    "replay": _("重新处理"),
    "renew_codes": _("重新生成恢复码"),
    "request_cancel": _("申请取消"),
    "request_info": _("要求补充资料"),
    "resend": _("重发"),
    "reset": _("重置"),
    "reset_password": _("重置密码"),
    "reveal": _("显示完整号码"),
    "review": _("复核"),
    "review_break_glass": _("复核紧急调阅"),
    "schedule": _("安排时间"),
    "search": _("查询"),
    "send": _("发送"),
    "set_aside": _("作废"),
    "set_sign_in_rule": _("设定登录要求"),
    "sign": _("签署"),
    "submit": _("提交"),
    "switch_post": _("切换岗位"),
    "tag": _("标记"),
    "unlock": _("解锁"),
    "unmap": _("删除对照"),
    "untag": _("取消标记"),
    "use": _("占用"),
    "verify": _("核对"),
    "view": _("查看"),
    "withdraw": _("撤回"),
    "withdraw_consent": _("撤销授权"),
    "write": _("写入"),
}
GROUNDS: Final[Mapping[str, str]] = {
    "consent": _("本人授权"),
    "contract": _("家庭医生签约"),
    "emergency": _("紧急调阅"),
    "encounter": _("就诊"),
    "presence": _("本人到场"),
    "proxy": _("代办人"),
    "public": _("公开信息"),
    "referral": _("转诊"),
    "registration": _("建档登记"),
    "self": _("本人"),
    "system": _("系统"),
}


def action_words(action: str) -> Text:
    thing, _dot, verb = action.partition(".")
    values = {
        "verb": Text(VERBS.get(verb, verb or thing)),
        "thing": Text(THINGS.get(thing, thing if verb else "")),
    }
    return Text(_("{verb} {thing}"), values)


def ground_words(ground: str) -> str:
    return GROUNDS.get(ground, ground)


def role_words(roles: str) -> list[str]:
    """The names of roles kept as "physician,nurse"."""
    known = {role.value: name for role, name in ROLE_NAMES.items()}
    return [known.get(role, role) for role in roles.split(",") if role]
