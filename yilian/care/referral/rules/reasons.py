"""Coded reasons: why a step was refused, a tier skipped, a consortium left."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _


class Urgency(StrEnum):
    """FHIR request-priority as we use it (decisions 19)."""

    STAT = "stat"
    URGENT = "urgent"
    ROUTINE = "routine"


URGENCY_NAMES: Final[Mapping[Urgency, str]] = {
    Urgency.STAT: _("急诊"),
    Urgency.URGENT: _("紧急"),
    Urgency.ROUTINE: _("常规"),
}
URGENCY_ORDER: Final[Mapping[Urgency, int]] = {u: n for n, u in enumerate(Urgency)}


class CareKind(StrEnum):
    """What is asked for: an outpatient visit or a bed."""

    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"


CARE_KIND_NAMES: Final[Mapping[CareKind, str]] = {
    CareKind.OUTPATIENT: _("门诊就诊"),
    CareKind.INPATIENT: _("住院"),
}

DECLINE_REASONS: Final[Mapping[str, str]] = {
    "no_bed": _("暂无床位或号源"),
    "no_specialty": _("本院无相应专科或能力"),
    "not_indicated": _("不符合转诊指征，可在当地诊治"),
    "needs_higher": _("病情超出本院能力，需上级医院"),
    "incomplete": _("资料不全且未能补充"),
    "duplicate": _("重复申请"),
    "other": _("其他"),
}
REDIRECT_REASONS: Final[Mapping[str, str]] = {
    "needs_higher": _("病情超出本院能力，需上级医院"),
    "no_bed": _("暂无床位，协调他院接收"),
    "no_specialty": _("本院无相应专科"),
    "nearer": _("患者就近更便利"),
    "other": _("其他"),
}
WITHDRAW_REASONS: Final[Mapping[str, str]] = {
    "improved": _("病情好转"),
    "patient_declined": _("患者或家属改变意愿"),
    "wrong_target": _("接收机构选择有误"),
    "gone_elsewhere": _("患者已自行前往他处"),
    "no_answer": _("接收机构未按时应答，改请下一家"),
    "other": _("其他"),
}
# Who has accepted has answered.
CANCEL_REASONS: Final[Mapping[str, str]] = {
    code: name for code, name in WITHDRAW_REASONS.items() if code != "no_answer"
}
REFUSE_CANCEL_REASONS: Final[Mapping[str, str]] = {
    "arrived": _("患者已到院"),
    "needs_care": _("病情仍需诊治"),
    "other": _("其他"),
}
ERROR_REASONS: Final[Mapping[str, str]] = {
    "wrong_person": _("患者选错"),
    "duplicate": _("重复登记"),
    "test": _("误操作"),
    "other": _("其他"),
}
# Why the way leaves out a tier (NX-2.1.3-d) or the consortium (NX-2.2.4-c).
SKIP_REASONS: Final[Mapping[str, str]] = {
    "emergency": _("急危重症，需直达有能力的医院"),
    "no_capability": _("中间层级无相应专科或设备"),
    "no_bed": _("中间层级无床位"),
    "planned_return": _("上级医院约定的复诊"),
    "patient_choice": _("患者坚持，已告知医保影响"),
    "other": _("其他"),
}
OUTSIDE_REASONS: Final[Mapping[str, str]] = {
    "emergency": _("急危重症，就近救治"),
    "no_capability": _("医联体内无相应能力"),
    "no_bed": _("医联体内无床位"),
    "chosen_institution": _("患者的签约机构"),
    "long_term_elsewhere": _("患者长期居住在外地"),
    "patient_choice": _("患者坚持，已告知医保影响"),
    "other": _("其他"),
}
BREACH_REASONS: Final[Mapping[str, str]] = {
    "not_seen": _("未及时看到"),
    "no_bed": _("协调床位"),
    "waiting_specialist": _("等待专科意见"),
    "night_or_holiday": _("夜间或节假日值守不足"),
    "system_down": _("系统或网络故障"),
    "other": _("其他"),
}
# Why a call, a feedback or a first visit was late: other causes than an answer's.
_LATE_CARE_REASONS: Final[Mapping[str, str]] = {
    "record_open": _("病历未完成归档"),
    "report_pending": _("等待检查或病理报告"),
    "still_treated": _("患者仍在治疗"),
    "unreachable": _("患者联系不上"),
    "patient_declined": _("患者或家属拒绝"),
    "short_of_staff": _("人手不足"),
    "system_down": _("系统或网络故障"),
    "other": _("其他"),
}
BREACH_REASONS_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "answer": BREACH_REASONS,
    "feedback": {
        code: name for code, name in _LATE_CARE_REASONS.items()
        if code not in ("unreachable", "patient_declined")
    },
    "arrival": {
        code: name for code, name in _LATE_CARE_REASONS.items()
        if code not in ("record_open", "report_pending", "still_treated")
    },
    "follow_up": {
        code: name for code, name in _LATE_CARE_REASONS.items()
        if code not in ("record_open", "report_pending", "still_treated")
    },
}  # fmt: skip
ALL_BREACH_REASONS: Final = {**BREACH_REASONS, **_LATE_CARE_REASONS}
ELSEWHERE: Final = "admitted_elsewhere"
