"""What may be done with many referrals at once, 批量处理."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from yilian.kernel.text import _

MOST: Final = 60


class Act(StrEnum):
    ASSIGN = "assign"
    NUDGE = "nudge"
    ASK = "ask"
    CALL = "call"
    PRINT = "print"


ACT_NAMES: Final[Mapping[Act, str]] = {
    Act.ASSIGN: _("分派科室"),
    Act.NUDGE: _("催办"),
    Act.ASK: _("请补充资料"),
    Act.CALL: _("登记电话结果"),
    Act.PRINT: _("打印清单"),
}
# On the receiving desk, and on what was sent.
RECEIVED: Final = tuple(Act)
SENT: Final = (Act.NUDGE, Act.PRINT)
WILL: Final[Mapping[Act, str]] = {
    Act.ASSIGN: _("将分派到所选科室"),
    Act.NUDGE: _("将提醒{readers}"),
    Act.ASK: _("将请{other}补充资料，应答计时暂停"),
    Act.CALL: _("将登记电话联系结果，这项任务办结"),
    Act.PRINT: _("列入清单"),
}
DONE: Final[Mapping[Act, str]] = {
    Act.ASSIGN: _("已分派"),
    Act.NUDGE: _("已催办"),
    Act.ASK: _("已请对方补充资料"),
    Act.CALL: _("已登记"),
    Act.PRINT: _("已列入清单"),
}
