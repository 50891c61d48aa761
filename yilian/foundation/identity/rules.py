"""Kinds of account, what a name must be, one-time codes, the second factor, limits."""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pyotp import TOTP

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


# --- the second factor --------------------------------------------------------

STEP_SECONDS: Final = 30
_DRIFT: Final = (0, -1, 1)  # clocks of phones are not exact: one step either way
SECRET_LASTS: Final = timedelta(minutes=15)  # shown, and not yet confirmed
HALF_WAY_LASTS: Final = timedelta(minutes=5)  # between the password and the code
RECOVERY_CODES: Final = 10
FEW_LEFT: Final = 3
ISSUER: Final = "医联"
# Without signs that look alike on paper.
_ON_PAPER: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_PAPER_LENGTH: Final = 10


class ResetReason(StrEnum):
    """Why somebody's second factor is taken off by another; codes, never free text."""

    PHONE_LOST = "phone_lost"
    PHONE_CHANGED = "phone_changed"
    CODES_GONE = "codes_gone"
    SUSPECTED = "suspected"


RESET_REASON_NAMES: Final[Mapping[ResetReason, str]] = {
    ResetReason.PHONE_LOST: _("手机丢失或损坏"),
    ResetReason.PHONE_CHANGED: _("换了手机，旧手机已不能用"),
    ResetReason.CODES_GONE: _("验证器被删，恢复码也没有了"),
    ResetReason.SUSPECTED: _("怀疑被他人使用"),
}


class IdentityCheck(StrEnum):
    """How whoever resets made sure who asked."""

    FACE_TO_FACE = "face_to_face"
    CALLED_BACK = "called_back"


IDENTITY_CHECK_NAMES: Final[Mapping[IdentityCheck, str]] = {
    IdentityCheck.FACE_TO_FACE: _("本人到场，已看证件"),
    IdentityCheck.CALLED_BACK: _("按登记的单位电话回拨核实"),
}


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The time step whose code this is, near the moment; None when there is none."""
    totp = TOTP(secret, interval=STEP_SECONDS)
    now = int(at.timestamp()) // STEP_SECONDS
    return next(
        (
            now + drift
            for drift in _DRIFT
            if hmac.compare_digest(totp.generate_otp(now + drift), code)
        ),
        None,
    )


def provisioning_uri(secret: str, username: str) -> str:
    """What the app scans."""
    return TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def new_recovery_code() -> str:
    letters = "".join(secrets.choice(_ON_PAPER) for _n in range(_PAPER_LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def tidy_code(typed: str) -> str:
    """As people type it from a phone or from paper: spaces, hyphens, capitals."""
    return re.sub(r"[\s\-]", "", typed).lower()


def is_from_phone(code: str) -> bool:
    return re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", code, re.ASCII) is not None


# --- limits -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within so long, counted from the first."""

    name: str
    most: int
    within: timedelta


WRONG_CODES: Final = Limit("second-factor", 5, timedelta(minutes=15))
WRONG_PASSWORDS: Final = Limit("password-again", 5, timedelta(minutes=15))


class TooManyTries(DomainError):
    """The same words whatever was tried, and by whom."""

    code = "too-many-tries"
    status = 429

    def __init__(self, left: timedelta) -> None:
        super().__init__(
            _("尝试次数过多，请 {minutes} 分钟后再试。"),
            minutes=max(1, -int(-left.total_seconds() // 60)),
        )


def rest_of(limit: Limit, count: int, since: datetime, now: datetime) -> timedelta:
    """How long nothing more is let through; not positive: come in."""
    if count < limit.most:
        return timedelta(0)
    return since + limit.within - now
