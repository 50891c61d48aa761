"""Who is locked out at this moment, and how an account proves itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone

from yilian.foundation.identity.models import Account, RecoveryCode, SecondFactor
from yilian.foundation.identity.rules import SECRET_LASTS, provisioning_uri
from yilian.foundation.vault.services import decrypt


@dataclass(frozen=True, slots=True)
class LockOut:
    """Too many wrong passwords for one name within the last minutes."""

    username: str
    failures: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class LockOuts:
    """`unknown`: how many typed names belong to nobody; the names themselves are not
    shown, because people type passwords and numbers there."""

    known: list[LockOut]
    unknown: int


def lock_outs() -> LockOuts:
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    rows = AccessAttempt.objects.filter(
        failures_since_start__gte=settings.AXES_FAILURE_LIMIT, attempt_time__gt=since
    ).order_by("-attempt_time")
    found = [
        LockOut(row.username or "", row.failures_since_start, row.attempt_time)
        for row in rows
    ]
    names = _known(line.username for line in found)
    known = [line for line in found if line.username in names]
    return LockOuts(known, len(found) - len(known))


def _known(usernames: Iterable[str]) -> set[str]:
    accounts = Account.objects.filter(username__in=set(usernames))
    return set(accounts.values_list("username", flat=True))


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the phone scans, and the same to type by hand."""

    secret: str
    uri: str

    @property
    def in_groups(self) -> str:
        return " ".join(self.secret[n : n + 4] for n in range(0, len(self.secret), 4))


@dataclass(frozen=True, slots=True)
class Standing:
    """`since` None: a password alone opens."""

    since: datetime | None
    codes_left: int


def second_factor_of(account_id: UUID) -> Standing:
    rows = Account.objects.filter(pk=account_id)
    found = rows.values_list("second_factor_id", "second_factor__confirmed_at").first()
    if found is None or found[0] is None:
        return Standing(None, 0)
    factor_id, since = found
    left = RecoveryCode.objects.filter(factor=factor_id, used_at=None).count()
    return Standing(since, left)


def enrolment_of(account: Account) -> Enrolment | None:
    """The secret shown and not yet confirmed, while its time runs."""
    begun = SecondFactor.objects.filter(
        account=account,
        confirmed_at=None,
        created_at__gt=timezone.now() - SECRET_LASTS,
    ).first()
    if begun is None:
        return None
    secret = decrypt(begun.secret_cipher)
    return Enrolment(secret, provisioning_uri(secret, account.username))
