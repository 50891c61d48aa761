"""Telling the consortium when its year leads past what is available."""

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from yilian.insurance.budget.models import Pool
from yilian.insurance.budget.queries import sums
from yilian.insurance.budget.queries.curve import curve_of
from yilian.insurance.budget.rules.curve import Alarm
from yilian.insurance.budget.services.keeping import tell_consortium
from yilian.kernel.text import _

_WORDS = {
    Alarm.WATCH: _("{consortium}{year} 年总额使用进入关注：按现在的走势接近可用额度。"),
    Alarm.WARN: _("{consortium}{year} 年总额使用预警：按现在的走势将超过可用额度。"),
    Alarm.STOP: _("{consortium}{year} 年总额使用警戒：已超过或将明显超过可用额度。"),
}


def tell_alarms() -> int:
    """Once a month for each level; how many pools stand in one."""
    today = timezone.localdate()
    return sum(_tell(pool) for pool in Pool.objects.filter(year=today.year))


@transaction.atomic
def _tell(pool: Pool) -> int:
    revision = sums.revision_of_year(pool)
    if revision is None:
        return 0
    curve = curve_of(pool, revision)
    if curve.alarm is Alarm.CALM:
        return 0
    cause = f"budget.alarm:{pool.pk}:{curve.alarm}:{curve.until:%Y-%m}"
    link = reverse("budget:pool", args=[pool.pk])
    tell_consortium(pool, _WORDS[curve.alarm], cause, link)
    return 1
