"""Accounts opened, locked, and their passwords.

Whose account an administrator may touch is asked above, where posts are known;
here only that an administrator asks.
"""

import secrets
from typing import Any, Final
from uuid import UUID

from axes.utils import reset as forget_failures
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor, Reach, Role
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.identity.models import Account
from yilian.foundation.identity.rules import (
    WRONG_CODES,
    WRONG_PASSWORDS,
    AccountKind,
    username_problem,
)
from yilian.foundation.identity.services import tallies
from yilian.foundation.identity.services.proving import require_password
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _

ONLY_ADMINISTRATORS: Final = _("只有系统管理员或安全管理员可以管理账号。")
# Without signs that look alike, so that it can be read out.
_READABLE: Final = "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679"
_TEMPORARY_LENGTH: Final = 12


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
    """Also after too many wrong passwords or codes."""
    account = _lock_row(actor, account_id)
    account.is_active, account.locked_at = True, None
    account.save(update_fields=["is_active", "locked_at"])
    forget_failures(username=account.username)
    for limit in (WRONG_CODES, WRONG_PASSWORDS):
        tallies.forget(limit, str(account.pk))
    _audit(actor, "account.unlock", account)
    return account


def change_password(actor: Actor, *, old: str, new: str) -> Account:
    """One's own."""
    require_password(actor, old, field="old")
    return _change(actor, old, new)


@transaction.atomic
def _change(actor: Actor, old: str, new: str) -> Account:
    account = find(Account.objects.select_for_update(), actor.account_id or "")
    if old == new:
        raise Invalid(fields={"new": _("新密码不能与原密码相同。")})
    _set_password(account, new)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])
    _audit(actor, "account.change_password", account)
    return account


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
