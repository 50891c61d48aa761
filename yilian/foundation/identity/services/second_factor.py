"""The second factor put on, changed, taken off, and asked for on the way in."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from pyotp import random_base32

from yilian.foundation.access.actor import SEPARATE_POWERS, Actor, Role
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit import services as audit
from yilian.foundation.identity import queries
from yilian.foundation.identity.models import Account, RecoveryCode, SecondFactor
from yilian.foundation.identity.queries import Enrolment
from yilian.foundation.identity.rules import (
    RECOVERY_CODES,
    SECRET_LASTS,
    WRONG_CODES,
    AccountKind,
    IdentityCheck,
    ResetReason,
    new_recovery_code,
)
from yilian.foundation.identity.services import tallies
from yilian.foundation.identity.services.proving import (
    WRONG_CODE,
    accept,
    digest_of,
    require_code,
    require_password,
    use_step,
)
from yilian.foundation.notify.services import tell
from yilian.foundation.vault.services import encrypt
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.ids import NIL, new_id
from yilian.kernel.text import _

ONLY_SECURITY: Final = _("只有安全管理员可以重置别人的第二重验证。")


@dataclass(frozen=True, slots=True)
class Passed:
    """`left`: recovery codes that remain."""

    how: str
    left: int


def begin_second_factor(actor: Actor, *, password: str, code: str = "") -> Enrolment:
    """A new secret, to be confirmed by a code of it; what is in force stays until
    then."""
    require_password(actor, password)
    require_code(actor, code)
    return _begin(actor)


@transaction.atomic
def _begin(actor: Actor) -> Enrolment:
    account = _own(actor)
    if account.kind != AccountKind.STAFF:
        raise Conflict(_("居民用短信验证码登录，不需要第二重验证。"))
    SecondFactor.objects.filter(account=account, confirmed_at=None).delete()
    SecondFactor.objects.create(
        account=account, secret_cipher=encrypt(random_base32(32))
    )
    _audit(actor, "second_factor.begin", account)
    enrolment = queries.enrolment_of(account)
    if enrolment is None:
        raise Conflict(_("没有开始设置，请重新开始。"))
    return enrolment


def confirm_second_factor(actor: Actor, *, code: str) -> list[str]:
    """From now on in force; the recovery codes are given back this once."""
    codes = _confirm(actor, code)
    if codes is None:
        raise Invalid(fields={"code": WRONG_CODE})
    return codes


@transaction.atomic
def _confirm(actor: Actor, code: str) -> list[str] | None:
    account = _own(actor)
    row = tallies.hold(WRONG_CODES, f"confirm:{account.pk}")
    since = timezone.now() - SECRET_LASTS
    waiting = SecondFactor.objects.filter(account=account, confirmed_at=None)
    factor = waiting.filter(created_at__gt=since).first()
    if factor is None:
        raise Conflict(_("设置已超过 15 分钟，请重新开始。"))
    is_right = use_step(factor, code.strip())
    row.count = 0 if is_right else row.count + 1
    row.save(update_fields=["count", "since"])
    if not is_right:
        return None
    SecondFactor.objects.filter(pk=factor.pk).update(confirmed_at=timezone.now())
    account.second_factor = factor
    account.save(update_fields=["second_factor"])
    _audit(actor, "second_factor.confirm", account)
    return _write_codes(factor)


def renew_recovery_codes(actor: Actor, *, password: str, code: str) -> list[str]:
    """The old ones open no more."""
    require_password(actor, password)
    require_code(actor, code)
    return _renew(actor)


@transaction.atomic
def _renew(actor: Actor) -> list[str]:
    account = _own(actor)
    if account.second_factor is None:
        raise Conflict(_("还没有设置第二重验证。"))
    _audit(actor, "second_factor.renew_codes", account)
    return _write_codes(account.second_factor)


def end_second_factor(actor: Actor, *, password: str, code: str) -> Account:
    """One's own, where nobody demands it."""
    if actor.must_have_second_factor:
        raise Conflict(_("本机构要求第二重验证，不能停用；可以换一部手机。"))
    if actor.roles & SEPARATE_POWERS:
        raise Conflict(
            _(
                "管理员不能停用自己的第二重验证；可以换一部手机，或请另一位安全管理员重置。"
            )
        )
    require_password(actor, password)
    require_code(actor, code)
    return _take_off(actor, actor.account_id or NIL, "second_factor.end")


@transaction.atomic
def reset_second_factor(
    actor: Actor, account_id: UUID, *, reason: ResetReason, checked: IdentityCheck
) -> Account:
    """By another, when the phone is gone: the password alone opens again, until a
    new one is put on. Every session of the account ends, and its owner is told."""
    require(actor.has(Role.SECURITY_ADMIN), ONLY_SECURITY)
    if account_id == actor.account_id:
        raise Conflict(_("不能重置自己的第二重验证，请另一位安全管理员办理。"))
    account = _take_off(
        actor,
        account_id,
        "second_factor.reset",
        reason=ResetReason(reason).value,
        checked=IdentityCheck(checked).value,
    )
    tell(
        topic="account",
        template=_(
            "您的第二重验证已由安全管理员重置。如果不是您本人要求，请立即联系他们。"
        ),
        cause=f"second-factor-reset:{new_id()}",
        account_id=account_id,
        urgency="urgent",
    )
    return account


def pass_second_step(account_id: UUID, *, code: str, origin: str) -> Passed | None:
    """Between the password and the session. The count of the wrong ones stays."""
    limit = tallies.trying_limit()
    tallies.require_room(limit, origin)
    how = accept(account_id, code)
    if how is None:
        tallies.note_wrong(limit, origin)
        return None
    return Passed(how, queries.second_factor_of(account_id).codes_left)


@transaction.atomic
def _take_off(actor: Actor, account_id: UUID, action: str, **detail: str) -> Account:
    account = find(Account.objects.select_for_update(), account_id)
    if account.second_factor_id is None:
        raise Conflict(_("这个账号没有设置第二重验证。"))
    account.second_factor = None
    account.save(update_fields=["second_factor"])
    tallies.forget(WRONG_CODES, str(account_id))
    _audit(actor, action, account, **detail)
    return account


def _write_codes(factor: SecondFactor) -> list[str]:
    RecoveryCode.objects.filter(factor__account=factor.account_id).delete()
    codes = [new_recovery_code() for _n in range(RECOVERY_CODES)]
    rows = [(new_id(), code) for code in codes]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(id=row_id, factor=factor, code_digest=digest_of(row_id, code))
        for row_id, code in rows
    )
    return codes


def _own(actor: Actor) -> Account:
    rows = Account.objects.select_for_update(of=("self",))
    return find(rows.select_related("second_factor"), actor.account_id or NIL)


def _audit(actor: Actor, action: str, account: Account, **detail: str) -> None:
    audit.record(
        actor, action, object_kind="account", object_id=account.pk, detail=detail
    )
