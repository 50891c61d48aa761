"""How long a wall stays lit by itself, and what it may say of a person."""

from typing import Final

from yilian.care.referral.rules.limits import START
from yilian.foundation.parameters.rules import Key, register
from yilian.kernel.clause import clause
from yilian.kernel.dated import Dated
from yilian.kernel.text import _

_LONGEST: Final = 24
MOST: Final = 12  # screens of one house at a time
COOKIE: Final = "yilian_wall"
SALT: Final = "referral.wall"
_NUMBER_SHOWN: Final = 6

HOURS: Final[Key[int]] = register(
    Key(
        name="referral.wall_hours",
        title=_("大屏打开一次后持续显示的时间"),
        default=Dated({START: 12}),
        clause=clause("GK"),
        unit=_("小时"),
        read=int,
        check=lambda value: (
            None if 0 < value <= _LONGEST else _("请填 1 至 24 之间的整数。")
        ),
    )
)


def veiled(name: str) -> str:
    """A name as strangers in a corridor may read it: how it begins, and not how long
    it is."""
    return f"{name[:1]}＊＊" if name else ""


def tail_of(number: str) -> str:
    """Enough of a referral's number for the desk to find it, not to ask for it."""
    return f"…{number[-_NUMBER_SHOWN:]}" if number else ""
