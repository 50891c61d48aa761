"""Proving again who one is, before what opens the door is changed."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find
from yilian.foundation.identity.models import Account, RecoveryCode, SecondFactor
from yilian.foundation.identity.rules import (
    WRONG_CODES,
    WRONG_PASSWORDS,
    is_from_phone,
    matching_step,
    tidy_code,
)
from yilian.foundation.identity.services import tallies
from yilian.foundation.vault.services import decrypt, keyed_index, matches
from yilian.kernel.errors import Invalid
from yilian.kernel.ids import NIL
from yilian.kernel.text import _

WRONG_CODE = _("验证码不对、已过期或已用过。请等手机上换了新的再输。")


def require_password(actor: Actor, password: str, *, field: str = "password") -> None:
    """Also against somebody at an unattended desk: few wrong tries."""
    if not _is_own(actor.account_id or NIL, password):
        raise Invalid(fields={field: _("密码不对。")})


def require_code(actor: Actor, code: str, *, field: str = "code") -> None:
    """Of the second factor in force; who has none needs none."""
    account = find(Account.objects.all(), actor.account_id or NIL)
    if account.second_factor_id is None:
        return
    if accept(account.pk, code) is None:
        raise Invalid(fields={field: WRONG_CODE})


@transaction.atomic
def _is_own(account_id: UUID, password: str) -> bool:
    account = find(Account.objects.select_for_update(), account_id)
    if not account.has_usable_password():
        return True  # the cast of the demo: nobody else is in without one
    row = tallies.hold(WRONG_PASSWORDS, str(account_id))
    is_right = bool(account.check_password(password))
    row.count = 0 if is_right else row.count + 1
    row.save(update_fields=["count", "since"])
    return is_right


@transaction.atomic
def accept(account_id: UUID, typed: str) -> str | None:
    """How it was proved (`totp` or `recovery`), or None; each code opens once."""
    account = find(
        Account.objects.select_for_update(of=("self",)).select_related("second_factor"),
        account_id,
    )
    factor = account.second_factor
    if factor is None:
        return None
    row = tallies.hold(WRONG_CODES, str(account_id))
    how = _proved(factor, tidy_code(typed))
    row.count = row.count + 1 if how is None else 0
    row.save(update_fields=["count", "since"])
    return how


def _proved(factor: SecondFactor, code: str) -> str | None:
    if is_from_phone(code):
        return "totp" if use_step(factor, code) else None
    return "recovery" if _use_recovery(factor, code) else None


def use_step(factor: SecondFactor, code: str) -> bool:
    """The database decides who was first: a code seen over a shoulder is spent."""
    step = matching_step(decrypt(factor.secret_cipher), code, timezone.now())
    if step is None:
        return False
    mine = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
    return mine.update(last_step=step) == 1


def _use_recovery(factor: SecondFactor, code: str) -> bool:
    unused = RecoveryCode.objects.filter(factor=factor, used_at=None)
    found = [
        row.pk for row in unused if matches(row.code_digest, digest_of(row.pk, code))
    ]
    mine: Any = unused.filter(pk__in=found)
    return bool(mine.update(used_at=timezone.now()) == 1)


def digest_of(code_id: UUID, code: str) -> str:
    return keyed_index("recovery", f"{code_id}:{tidy_code(code)}")
