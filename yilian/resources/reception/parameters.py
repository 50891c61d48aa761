"""Values of reception that a region may set."""

from datetime import date
from typing import Final

from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

_MOST_DAYS: Final = 3 * 366


def _days_problem(days: int) -> str | None:
    return None if 0 <= days <= _MOST_DAYS else _("请填 0 至 1098 天。")


CONTINUITY_DAYS: Final = register(
    Key(
        name="reception.continuity_days",
        title=_("就诊结束后可连续查阅档案的天数"),
        default=Dated({date(2017, 1, 1): 365}),
        clause=clause("GK"),
        unit=_("天"),
        check=_days_problem,
        read=int,
    )
)
