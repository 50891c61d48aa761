"""Values of settlement that a region may set beside the insurer's own sets."""

from datetime import date
from decimal import Decimal
from typing import Final

from yilian.foundation.parameters.rules import Key, register
from yilian.insurance.settlement.rules.automatic import Scope
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

_MOST_DAYS: Final = 60
_MOST_COUNT: Final = 1000


def _days_problem(days: int) -> str | None:
    return None if 1 <= days <= _MOST_DAYS else _("请填 1 至 60 天。")


def _count_problem(count: int) -> str | None:
    return None if 1 <= count <= _MOST_COUNT else _("请填 1 至 1000 例。")


def _scope_problem(scope: str) -> str | None:
    if scope in set(Scope):
        return None
    return _("请填 off（不自动结算）、visits（门诊）或 all（门诊和住院）。")


def _most_problem(most: Decimal) -> str | None:
    return None if most > 0 else _("请填大于 0 的金额。")


AUTO_SETTLE: Final = register(
    Key(
        name="settlement.auto_settle",
        title=_("单据自动结算的范围（off 不自动、visits 门诊、all 门诊和住院）"),
        default=Dated({date(2017, 1, 1): Scope.OFF.value}),
        clause=clause("NX-2.3.4-c"),
        check=_scope_problem,
        read=str,
    )
)
AUTO_SETTLE_MOST: Final = register(
    Key(
        name="settlement.auto_settle_most",
        title=_("自动结算的单据总费用上限"),
        default=Dated({date(2017, 1, 1): Decimal(50_000)}),
        clause=clause("NX-2.3.4-c"),
        unit=_("元"),
        check=_most_problem,
        read=Decimal,
    )
)
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
