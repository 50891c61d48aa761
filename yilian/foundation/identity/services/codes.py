"""One-time codes sent to a phone: residents sign in, or show that they are present."""

import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from yilian.foundation.identity.models import OneTimeCode
from yilian.foundation.identity.rules import (
    CODE_DIGITS,
    CODE_LASTS,
    CODE_TRIES,
    CodePurpose,
    pause_problem,
)
from yilian.foundation.identity.services import tallies
from yilian.foundation.notify.services import text_message
from yilian.foundation.vault.services import keyed_index, matches
from yilian.kernel.ids import new_id


def ask_from(origin: str) -> None:
    """Each asking from one network address, whoever it names."""
    tallies.take_turn(tallies.asking_limit(), origin)


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
