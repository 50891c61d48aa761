"""What supervision refused of single bills, taken over into the pool's refusals.

Each confirmed suspicion once, in the year it was decided; while a year is frozen
nothing is taken into it.
"""

from datetime import date
from typing import Final

from django.db import transaction
from django.utils import timezone

from yilian.foundation.access.actor import Actor, system_actor
from yilian.insurance.budget.models import Pool, Refusal
from yilian.insurance.budget.queries import sums
from yilian.insurance.budget.rules.states import Finding
from yilian.insurance.budget.services.keeping import audited, pool_in_line
from yilian.insurance.settlement.queries.anomalies import Refused, refused
from yilian.insurance.settlement.rules.ledger import SUSPICION_NAMES, Suspicion

CLOCK: Final = system_actor("budget.collect")


@transaction.atomic
def collect_refusals_of(area_code: str, day: date) -> int:
    """Something was refused on the day: the pools of the people it was about."""
    pools = Pool.objects.filter(year=day.year).order_by("area_code")
    mine = [pool for pool in pools if area_code.startswith(pool.area_code)]
    return sum(collect_refusals(CLOCK, pool_in_line(CLOCK, one.pk)) for one in mine)


def collect_refusals(actor: Actor, pool: Pool) -> int:
    """In line already; how many were new."""
    if sums.final_of(pool) is not None:
        return 0
    rows = Refusal.objects.filter(pool=pool, anomaly_id__isnull=False)
    known = set(rows.values_list("anomaly_id", flat=True))
    found = refused(pool.area_code, sums.first_day(pool), sums.end_of(pool))
    new = [_row(pool, one) for one in found if one.anomaly_id not in known]
    Refusal.objects.bulk_create(new)
    if new:
        audited(actor, "collect_refusals", pool, rows=len(new))
    return len(new)


def _row(pool: Pool, one: Refused) -> Refusal:
    return Refusal(
        pool=pool,
        institution_id=one.institution_id,
        finding=Finding.REFUSED.value,
        found_on=one.refused_on,
        amount=one.amount,
        anomaly_id=one.anomaly_id,
        bills=list(one.bill_ids),
        reason=SUSPICION_NAMES[Suspicion(one.kind)],
        evidence="",
        at=timezone.now(),
    )
