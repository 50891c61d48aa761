"""Limits for one network address. Hospitals and mobile networks share addresses, so
a region that knows its own sets them."""

from datetime import date
from typing import Final

from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

_LEAST: Final = 5
_MOST: Final = 10_000


def _count_problem(count: int) -> str | None:
    return None if _LEAST <= count <= _MOST else _("请填 5 至 10000 次。")


CODES_OF_ADDRESS: Final = register(
    Key(
        name="identity.codes_of_address",
        title=_("同一网络地址每小时可索取的登录验证码"),
        default=Dated({date(2017, 1, 1): 60}),
        clause=clause("GK"),
        unit=_("次"),
        check=_count_problem,
        read=int,
    )
)
TRIES_OF_ADDRESS: Final = register(
    Key(
        name="identity.tries_of_address",
        title=_("同一网络地址 15 分钟内可输错的密码和验证码"),
        default=Dated({date(2017, 1, 1): 60}),
        clause=clause("GK"),
        unit=_("次"),
        check=_count_problem,
        read=int,
    )
)
