"""The referral module's parameters: every limit has a day it begins and a ground."""

from dataclasses import fields
from datetime import date
from typing import Final

from yilian.care.referral.rules.clocks import Limits
from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

START: Final = date(2017, 1, 1)
_MOST: Final = 1000

_TITLES: Final = {
    "stat_minutes": (_("急诊转诊应答时限"), _("分钟"), "RC-13"),
    "urgent_hours": (_("紧急转诊应答时限"), _("小时"), "RC-13"),
    "routine_working_days": (_("常规转诊应答时限"), _("工作日"), "RC-13"),
    "validity_inpatient_days": (_("住院转诊有效期"), _("天"), "RI-4"),
    "validity_outpatient_days": (_("门诊转诊有效期"), _("天"), "RI-4"),
    "feedback_working_days": (_("诊治结束后反馈时限"), _("工作日"), "NX-2.2.4-a"),
    "not_arrived_days": (_("未到诊电话联系时限"), _("天"), "RC-14"),
    "first_follow_up_days": (_("下转后首次随访最早"), _("天"), "RC-14"),
    "last_follow_up_days": (_("下转后首次随访最迟"), _("天"), "RC-14"),
    "hold_hours": (_("预留床位或号源保留时间"), _("小时"), "NX-2.2.3-d"),
    "emergency_filing_working_days": (_("急诊补办转诊时限"), _("工作日"), "RI-4"),
    "continuity_days": (_("办结后继续可见时间"), _("天"), "NX-2.3.4-b"),
    "elderly_from": (_("免于转诊要求的老年人年龄下限"), _("岁"), "RI-4"),
    "rehabilitation_days": (
        _("术后康复：住院满多少天提示可下转"),
        _("天"),
        "NX-2.2.4-d",
    ),
    "recovery_days": (_("急性期后恢复：住院满多少天提示可下转"), _("天"), "NX-2.2.4-d"),
    "stable_after_crisis_days": (
        _("危重稳定后：住院满多少天提示可下转"),
        _("天"),
        "NX-2.2.4-d",
    ),
    "settled_plan_days": (
        _("诊断和方案已定：住院满多少天提示可下转"),
        _("天"),
        "NX-2.2.4-d",
    ),
    "child_to": (_("免于转诊要求的儿童年龄上限"), _("岁"), "RI-4"),
}


def _key(name: str, value: int) -> Key[int]:
    title, unit, ground = _TITLES[name]
    return Key(
        name=f"referral.{name}",
        title=title,
        default=Dated({START: value}),
        clause=clause(ground),
        unit=unit,
        read=int,
        check=_problem,
    )


def _problem(value: int) -> str | None:
    return None if 0 < value <= _MOST else _("请填 1 至 1000 之间的整数。")


KEYS: Final = {
    field.name: register(_key(field.name, int(field.default)))  # type: ignore[arg-type]
    for field in fields(Limits)
}
