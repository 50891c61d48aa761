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
}


def _key(name: str, value: int) -> Key[int]:
    title, unit, ground = _TITLES[name]
    return Key(
        name=f"referral.{name}",
        title=title,
        default=Dated({START: value}),
        clause=clause(ground),
        unit=unit,
        check=_is_small_and_positive,
    )


def _is_small_and_positive(value: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 1000


KEYS: Final = {
    field.name: register(_key(field.name, int(field.default)))  # type: ignore[arg-type]
    for field in fields(Limits)
}
