"""Values of settlement that a region may set beside the insurer's own sets."""

from datetime import date
from typing import Final

from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

_MOST_DAYS: Final = 60
_MOST_COUNT: Final = 1000


def _days_problem(days: int) -> str | None:
    return None if 1 <= days <= _MOST_DAYS else _("请填 1 至 60 天。")


def _count_problem(count: int) -> str | None:
    return None if 1 <= count <= _MOST_COUNT else _("请填 1 至 1000 例。")


DECISION_DAYS: Final = register(
    Key(
        name="settlement.decision_working_days",
        title=_("补登和申诉的审核时限"),
        default=Dated({date(2017, 1, 1): 10}),
        clause=clause("RI-4"),
        unit=_("工作日"),
        check=_days_problem,
        read=int,
    )
)
LEAST_CASES: Final = register(
    Key(
        name="settlement.usual_cost_least_cases",
        title=_("估算费用所需的最少病例数"),
        default=Dated({date(2017, 1, 1): 3}),
        clause=clause("LZ-2.2-e"),
        unit=_("例"),
        check=_count_problem,
        read=int,
    )
)
