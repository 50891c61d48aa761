"""Kinds of account, what a name and a one-time code must be."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from yilian.kernel.errors import DomainError
from yilian.kernel.text import _


class AccountKind(StrEnum):
    STAFF = "staff"
    RESIDENT = "resident"


class CodePurpose(StrEnum):
    SIGN_IN = "sign_in"
    PRESENCE = "presence"  # the person at the desk opens their record


CODE_DIGITS: Final = 6
CODE_LASTS: Final = timedelta(minutes=5)
CODE_TRIES: Final = 5
CODE_PAUSE: Final = timedelta(seconds=60)
CODES_AN_HOUR: Final = 5

_USERNAME: Final = re.compile(r"[a-z][a-z0-9._-]{2,63}", re.ASCII)


def username_problem(username: str) -> str | None:
    """A sign-in name is never a number that says who somebody is."""
    if _USERNAME.fullmatch(username):
        return None
    return _(
        "登录名为 3 至 64 位小写字母、数字、点、横线或下划线，以字母开头；"
        "不要用身份证号或手机号。"
    )


class TooManyCodes(DomainError):
    """Asked for too often: the same words whether or not the number is known."""

    code = "too-many-codes"
    status = 429


def pause_problem(asked: list[datetime], now: datetime) -> TooManyCodes | None:
    """`asked`: when codes were asked for within the last hour."""
    if asked and now - max(asked) < CODE_PAUSE:
        left = CODE_PAUSE - (now - max(asked))
        return TooManyCodes(
            _("验证码刚刚发过，请 {seconds} 秒后再试。"),
            seconds=max(1, int(left.total_seconds())),
        )
    if len(asked) >= CODES_AN_HOUR:
        return TooManyCodes(_("一小时内索取验证码次数过多，请稍后再试。"))
    return None
