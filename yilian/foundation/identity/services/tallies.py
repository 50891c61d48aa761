"""How often something was tried: by an account, or from a network address.

A try is counted in a transaction that commits even when what was tried is refused,
so that a refusal cannot take its own count back.
"""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from yilian.foundation.identity.models import Tally
from yilian.foundation.identity.parameters import CODES_OF_ADDRESS, TRIES_OF_ADDRESS
from yilian.foundation.identity.rules import Limit, TooManyTries, rest_of
from yilian.foundation.parameters.queries import value_of
from yilian.foundation.vault.services import keyed_index

_KEPT: Final = timedelta(days=1)  # longer than any limit


def asking_limit() -> Limit:
    most = value_of(CODES_OF_ADDRESS, timezone.localdate())
    return Limit("codes-of-address", most, timedelta(hours=1))


def trying_limit() -> Limit:
    most = value_of(TRIES_OF_ADDRESS, timezone.localdate())
    return Limit("tries-of-address", most, timedelta(minutes=15))


@transaction.atomic
def take_turn(limit: Limit, subject: str) -> None:
    """One more, or `TooManyTries` when none is left."""
    if not subject:  # no address is known (a socket): nothing to count by
        return
    row = hold(limit, subject)
    row.count += 1
    row.save(update_fields=["count", "since"])


def require_room(limit: Limit, subject: str) -> None:
    row = Tally.objects.filter(pk=_index(limit, subject)).first()
    if row is not None:
        _require(limit, row)


@transaction.atomic
def note_wrong(limit: Limit, subject: str) -> None:
    """Counted even beyond the limit."""
    if not subject:
        return
    row = _held(limit, subject)
    row.count += 1
    row.save(update_fields=["count", "since"])


def hold(limit: Limit, subject: str) -> Tally:
    """The count, locked until the end of the transaction: tries come one by one."""
    row = _held(limit, subject)
    _require(limit, row)
    return row


def forget(limit: Limit, subject: str) -> None:
    Tally.objects.filter(pk=_index(limit, subject)).update(count=0)


def sweep() -> None:
    Tally.objects.filter(since__lt=timezone.now() - _KEPT).delete()


def _held(limit: Limit, subject: str) -> Tally:
    now = timezone.now()
    index = _index(limit, subject)
    Tally.objects.bulk_create([Tally(pk=index, since=now)], ignore_conflicts=True)
    row = Tally.objects.select_for_update().get(pk=index)
    if row.count == 0 or now - row.since >= limit.within:
        row.count, row.since = 0, now
    return row


def _require(limit: Limit, row: Tally) -> None:
    left = rest_of(limit, row.count, row.since, timezone.now())
    if left > timedelta(0):
        raise TooManyTries(left)


def _index(limit: Limit, subject: str) -> str:
    return keyed_index("tally", f"{limit.name}:{subject}")
