"""How large one file may be: a parameter with its day and ground."""

from datetime import date
from typing import Final

from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

START: Final = date(2017, 1, 1)
_MOST: Final = 50  # what a page's request may carry at all


def _problem(value: int) -> str | None:
    return None if 0 < value <= _MOST else _("请填 1 至 50 之间的整数。")


MOST_MEGABYTES: Final[Key[int]] = register(
    Key(
        name="files.most_megabytes",
        title=_("每份附件最大"),
        default=Dated({START: 20}),
        clause=clause("RC-14"),
        unit=_("MB"),
        read=int,
        check=_problem,
    )
)
