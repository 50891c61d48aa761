"""Days gone by: what is done within is done on that day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.utils import timezone

from yilian.kernel.calendar import start_of_day


@contextmanager
def on(day: date) -> Iterator[None]:
    """At ten in the morning."""
    at = start_of_day(day) + timedelta(hours=10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: at)
        yield


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)
