"""Who is locked out at this moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone

from yilian.foundation.identity.models import Account


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
