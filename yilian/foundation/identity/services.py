"""Accounts opened, locked and let in; one-time codes sent and used.

Whose account an administrator may touch is asked above, where posts are known;
here only that an administrator asks.
"""

import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from axes.utils import reset as forget_failures
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.identity.models import Account, OneTimeCode
from yilian.foundation.identity.rules import (
    CODE_DIGITS,
    CODE_LASTS,
    CODE_TRIES,
    AccountKind,
    CodePurpose,
    pause_problem,
    username_problem,
)
from yilian.foundation.notify.services import text_message
from yilian.foundation.vault.services import keyed_index, matches
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import NIL, new_id
from yilian.kernel.text import _

ONLY_ADMINISTRATORS: Final = _("只有系统管理员或安全管理员可以管理账号。")
# Without signs that look alike, so that it can be read out.
_READABLE: Final = "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679"
_TEMPORARY_LENGTH: Final = 12


# --- accounts -----------------------------------------------------------------


@transaction.atomic
def open_account(
    actor: Actor, *, username: str, kind: AccountKind, password: str | None = None
) -> Account:
    """Without a password nobody signs in by it: `reset_password` gives the first."""
    _require_administrator(actor)
    problem = username_problem(username)
    if problem:
        raise Invalid(fields={"username": problem})
    account = Account(username=username, kind=kind)
    if password is None:
        account.set_unusable_password()
    else:
        _set_password(account, password)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError:
        raise Invalid(
            fields={"username": _("这个登录名已经使用，请换一个。")}
        ) from None
    _audit(actor, "account.open", account, kind=kind)
    return account


@transaction.atomic
def reset_password(actor: Actor, account_id: UUID) -> str:
    """A password for one use: whoever signs in with it must choose a new one. Every
    session of the account ends."""
    account = _lock_row(actor, account_id)
    if account.kind != AccountKind.STAFF:
        raise Conflict(_("居民用验证码登录，没有密码。"))
    password = "".join(secrets.choice(_READABLE) for _n in range(_TEMPORARY_LENGTH))
    account.set_password(password)
    account.must_change_password = True
    account.save(update_fields=["password", "must_change_password"])
    forget_failures(username=account.username)
    _audit(actor, "account.reset_password", account)
    return password


@transaction.atomic
def lock(actor: Actor, account_id: UUID) -> Account:
    """From the next request on, in every session."""
    account = _lock_row(actor, account_id)
    if account.pk == actor.account_id:
        raise Conflict(_("不能锁定自己的账号。"))
    if not account.is_active:
        raise Conflict(_("这个账号已经锁定。"))
    account.is_active, account.locked_at = False, timezone.now()
    account.save(update_fields=["is_active", "locked_at"])
    _audit(actor, "account.lock", account)
    return account


@transaction.atomic
def unlock(actor: Actor, account_id: UUID) -> Account:
    """Also after too many wrong passwords."""
    account = _lock_row(actor, account_id)
    account.is_active, account.locked_at = True, None
    account.save(update_fields=["is_active", "locked_at"])
    forget_failures(username=account.username)
    _audit(actor, "account.unlock", account)
    return account


@transaction.atomic
def change_password(actor: Actor, *, old: str, new: str) -> Account:
    """One's own."""
    account = find(Account.objects.select_for_update(), actor.account_id or "")
    if not account.check_password(old):
        raise Invalid(fields={"old": _("原密码不对。")})
    if old == new:
        raise Invalid(fields={"new": _("新密码不能与原密码相同。")})
    _set_password(account, new)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])
    _audit(actor, "account.change_password", account)
    return account


# --- sessions -----------------------------------------------------------------


@transaction.atomic
def open_session(actor: Actor, *, how: str) -> None:
    """`how`: password, code or cast."""
    remember_post(actor)
    audit.record(actor, "session.open", detail={"how": how})


@transaction.atomic
def switch_post(actor: Actor) -> None:
    """`actor` already stands in the new post."""
    remember_post(actor)
    audit.record(
        actor, "session.switch_post", object_kind="post", object_id=actor.post_id
    )


def remember_post(actor: Actor) -> None:
    """The post to open next time."""
    Account.objects.filter(pk=actor.account_id or NIL).exclude(
        last_post_id=actor.post_id
    ).update(last_post_id=actor.post_id)


def close_session(actor: Actor, *, how: str) -> None:
    """`how`: asked or idle."""
    audit.record(actor, "session.close", detail={"how": how})


def refuse_session(*, origin: str, username: str = "", how: str) -> None:
    """A failed sign-in. A typed name may be a password by mistake: only the id of an
    account that exists is kept."""
    known = Account.objects.filter(username=username).values_list("pk", flat=True)
    audit.record_refusal(
        None,
        "session.refused",
        origin=origin,
        object_kind="account",
        object_id=known.first() if username else None,
        detail={"how": how},
    )


# --- one-time codes -----------------------------------------------------------


@transaction.atomic
def ask_code(
    purpose: CodePurpose,
    subject_index: str,
    *,
    phone_cipher: bytes | None,
    asked_by: UUID | None = None,
) -> str | None:
    """Sends a code; only the newest counts. Without a phone the same is done and the
    message thrown away, so that nobody learns by the clock who is registered.

    The code itself comes back in the demo only.
    """
    _one_at_a_time(purpose, subject_index)
    now = timezone.now()
    mine = OneTimeCode.objects.filter(purpose=purpose, subject_index=subject_index)
    recent = mine.filter(created_at__gt=now - timedelta(hours=1))
    problem = pause_problem(list(recent.values_list("created_at", flat=True)), now)
    if problem:
        raise problem
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    code_id = new_id()
    OneTimeCode.objects.create(
        id=code_id,
        purpose=purpose,
        subject_index=subject_index,
        code_digest=_digest(code_id, code),
        asked_by_id=asked_by,
        expires_at=now + CODE_LASTS,
    )
    _send(code_id, code, phone_cipher)
    return code if settings.YILIAN_DEMO else None


@transaction.atomic
def use_code(purpose: CodePurpose, subject_index: str, code: str) -> bool:
    """Once, within its time, and after few wrong tries no more."""
    mine = OneTimeCode.objects.filter(purpose=purpose, subject_index=subject_index)
    newest = mine.select_for_update().order_by("-created_at", "-pk").first()
    if newest is None or not _is_usable(newest):
        return False
    newest.tries += 1
    if matches(newest.code_digest, _digest(newest.pk, code.strip())):
        newest.used_at = timezone.now()
    newest.save(update_fields=["tries", "used_at"])
    return newest.used_at is not None


def _is_usable(code: OneTimeCode) -> bool:
    is_spent = code.used_at is not None or code.tries >= CODE_TRIES
    return not is_spent and timezone.now() < code.expires_at


def _digest(code_id: UUID, code: str) -> str:
    return keyed_index("code", f"{code_id}:{code}")


def _send(code_id: UUID, code: str, phone_cipher: bytes | None) -> None:
    minutes = int(CODE_LASTS.total_seconds() // 60)
    text = gettext("验证码 {code}，{minutes} 分钟内有效。请勿告诉他人。")
    with transaction.atomic():
        text_message(
            phone_cipher=bytes(phone_cipher or b""),
            text=text.format(code=code, minutes=minutes),
            cause=f"code:{code_id}",
        )
        if phone_cipher is None:
            transaction.set_rollback(True)


def _one_at_a_time(purpose: str, subject_index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"{purpose}:{subject_index}"],
        )


# --- helpers ------------------------------------------------------------------


def _require_administrator(actor: Actor) -> None:
    is_one = actor.has(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
    require(is_one or actor.reach is Reach.SYSTEM, ONLY_ADMINISTRATORS)


def _lock_row(actor: Actor, account_id: UUID) -> Account:
    _require_administrator(actor)
    return find(Account.objects.select_for_update(), account_id)


def _set_password(account: Account, password: str) -> None:
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Invalid(fields={"new": " ".join(error.messages)}) from None
    account.set_password(password)


def _audit(actor: Actor, action: str, account: Account, **detail: Any) -> None:
    audit.record(
        actor,
        action,
        object_kind="account",
        object_id=account.pk,
        detail={key: str(value) for key, value in detail.items()},
    )
