"""Values of estimates and of supervision that a region may set."""

from datetime import date
from decimal import Decimal
from typing import Final

from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

_START: Final = date(2017, 1, 1)
_MOST_DAYS: Final = 365
_MOST_SHARE: Final = 100


def _days_problem(days: int) -> str | None:
    return None if 1 <= days <= _MOST_DAYS else _("请填 1 至 365 天。")


def _percent_problem(percent: int) -> str | None:
    return None if 1 <= percent <= _MOST_SHARE else _("请填 1 至 100。")


def _days(name: str, title: str, days: int, ground: str) -> Key[int]:
    return register(
        Key(
            name=name,
            title=title,
            default=Dated({_START: days}),
            clause=clause(ground),
            unit=_("天"),
            check=_days_problem,
            read=int,
        )
    )


def _percent(name: str, title: str, percent: int, ground: str) -> Key[int]:
    return register(
        Key(
            name=name,
            title=title,
            default=Dated({_START: percent}),
            clause=clause(ground),
            unit="%",
            check=_percent_problem,
            read=int,
        )
    )


COST_RATES: Final = {
    "primary": _percent(
        "settlement.cost_rate_primary", _("基层机构业务成本率"), 78, "LZ-2.2-e"
    ),
    "secondary": _percent(
        "settlement.cost_rate_secondary", _("二级医院业务成本率"), 86, "LZ-2.2-e"
    ),
    "tertiary": _percent(
        "settlement.cost_rate_tertiary", _("三级医院业务成本率"), 92, "LZ-2.2-e"
    ),
}
SPLIT_DAYS: Final = _days(
    "settlement.split_days", _("分解住院：同一机构再入院的间隔"), 7, "NX-5.2-e"
)
FAKE_DOWN_DAYS: Final = _days(
    "settlement.fake_down_days", _("虚假下转：下转后住院不超过"), 1, "NX-5.2-e"
)
REPEAT_DAYS: Final = _days(
    "settlement.repeat_test_days", _("重复检查：两家机构做同一项的间隔"), 7, "NX-5.2-e"
)
REPEAT_LEAST: Final = register(
    Key(
        name="settlement.repeat_test_least",
        title=_("重复检查：只看不低于此金额的项目"),
        default=Dated({_START: Decimal(50)}),
        clause=clause("NX-5.2-e"),
        unit=_("元"),
        read=Decimal,
    )
)
