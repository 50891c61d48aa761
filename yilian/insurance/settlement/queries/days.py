"""For the release of parameters: how many settlements rest on the days it changes."""

from collections.abc import Sequence

from yilian.insurance.policy.rules.releases import Span
from yilian.insurance.settlement.queries.use import settled_between


class SettledDays:
    """`policy.ports.SettledDays`, named in `settings.YILIAN_SETTLED_DAYS`."""

    def count(self, area_code: str, days: Sequence[Span]) -> int:
        return sum(settled_between(area_code, one.start, one.end) for one in days)
