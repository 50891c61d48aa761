"""Values of the budget that a region may set, besides those of the insurer's set."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from yilian.foundation.parameters.rules import Key, register
from yilian.insurance.policy.rules.leaves import Band, Wrong, bands
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

START: Final = date(2017, 1, 1)
_MOST_PART: Final = Decimal(3)
_MAINLY: Final = Decimal("0.5")


def _ratio_problem(value: Decimal) -> str | None:
    return None if 0 <= value <= 1 else _("请填 0 至 1 之间的比例。")


def _part_problem(value: Decimal) -> str | None:
    return None if 0 < value <= _MOST_PART else _("请填 0 至 3 之间的倍数。")


def _mainly_problem(value: Decimal) -> str | None:
    is_mainly = _MAINLY < value <= 1
    return None if is_mainly else _("须大于 0.5：主要用于人员奖励。")


def _key(  # noqa: PLR0917
    name: str, title: str, default: str, ground: str, check: Any, unit: str = ""
) -> Key[Decimal]:
    return register(
        Key(
            name=f"budget.{name}",
            title=title,
            default=Dated({START: Decimal(default)}),
            clause=clause(ground),
            unit=unit,
            check=check,
            read=Decimal,
        )
    )


_OF_AVAILABLE: Final = _("占可用额度")
ALARM_WATCH: Final = _key(
    "alarm.watch", _("总额使用：关注线"), "0.95", "RI-9", _part_problem, _OF_AVAILABLE
)
ALARM_WARN: Final = _key(
    "alarm.warn", _("总额使用：预警线"), "1.00", "RI-9", _part_problem, _OF_AVAILABLE
)
ALARM_STOP: Final = _key(
    "alarm.stop", _("总额使用：警戒线"), "1.05", "RI-9", _part_problem, _OF_AVAILABLE
)
OUTFLOW_MOST: Final = _key(
    "guard.outflow", _("监测：外流占比上限"), "0.40", "RI-9", _ratio_problem
)
REFUSED_MOST: Final = _key(
    "guard.refused", _("监测：退回病人占比上限"), "0.10", "RI-9", _ratio_problem
)
READMISSION_MOST: Final = _key(
    "guard.readmission", _("监测：31 天内再住院占比上限"), "0.08", "RI-9",
    _ratio_problem,
)  # fmt: skip
UNSTABLE_MOST: Final = _key(
    "guard.unstable", _("监测：下转后 7 天内又上转占比上限"), "0.08", "RI-9",
    _ratio_problem,
)  # fmt: skip
LINKED_RATE: Final = _key(
    "subsidy.linked_rate", _("财政补助与考核挂钩的比例"), "0.30", "NX-3.1-b",
    _ratio_problem,
)  # fmt: skip
FUND_RATE: Final = _key(
    "income.fund_rate", _("收支结余中提取各项基金的比例"), "0.30", "NX-3.3-a",
    _ratio_problem,
)  # fmt: skip
STAFF_RATE: Final = _key(
    "income.staff_rate", _("提取基金后用于人员奖励的比例"), "0.70", "NX-3.3-a",
    _mainly_problem,
)  # fmt: skip


def _read_bands(raw: Any) -> tuple[Band, ...]:
    try:
        rows = [
            {"from": str(row["from"]), "ratio": str(row["ratio"])}
            if isinstance(row, Mapping)
            else row
            for row in raw
        ]
        return bands(rows)
    except Wrong as wrong:
        raise ValueError(str(wrong.text)) from None


SUBSIDY_FACTORS: Final[Key[tuple[Band, ...]]] = register(
    Key(
        name="budget.subsidy.factors",
        title=_("考核得分与补助系数"),
        default=Dated(
            {
                START: (
                    Band(Decimal(0), Decimal("0.5")),
                    Band(Decimal(60), Decimal("0.8")),
                    Band(Decimal(80), Decimal("0.95")),
                    Band(Decimal(90), Decimal(1)),
                )
            }
        ),
        clause=clause("NX-3.1-b"),
        unit=_("系数"),
        read=_read_bands,
    )
)
