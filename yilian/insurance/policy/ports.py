"""What a release asks of the settlements above: how many rest on its days."""

from collections.abc import Sequence
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from yilian.insurance.policy.rules.releases import Span


class SettledDays(Protocol):
    def count(self, area_code: str, days: Sequence[Span]) -> int:
        """Live settlements of the area whose day lies in one of the spans."""


class NothingSettled:
    """Where no settlements are kept."""

    def count(self, area_code: str, days: Sequence[Span]) -> int:
        return 0


def settled_days() -> SettledDays:
    """What `settings.YILIAN_SETTLED_DAYS` names: an object or a class without
    arguments."""
    named = getattr(settings, "YILIAN_SETTLED_DAYS", "")
    return cast(SettledDays, import_string(named)()) if named else NothingSettled()
