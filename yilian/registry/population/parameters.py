"""Values of the register that a region may set."""

from datetime import date
from typing import Final

from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

_MOST_HOURS: Final = 72


def _hours_problem(hours: int) -> str | None:
    return None if 1 <= hours <= _MOST_HOURS else _("请填 1 至 72 小时。")


BREAK_GLASS_HOURS: Final = register(
    Key(
        name="population.break_glass_hours",
        title=_("紧急调阅的有效时长"),
        default=Dated({date(2017, 1, 1): 24}),
        clause=clause("GK"),
        unit=_("小时"),
        check=_hours_problem,
        read=int,
    )
)
