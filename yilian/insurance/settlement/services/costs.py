"""Usual costs, counted anew every night from what was settled in two years."""

from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from yilian.kernel.areas import NINGXIA
from yilian.kernel.calendar import local_day

_BACK: Final = timedelta(days=2 * 365)

_REFRESH: Final = """
INSERT INTO settlement_usualcost
       (id, area, diagnosis_group, place, kind, count, lower, median, upper,
        in_scope_share, refreshed_at)
SELECT gen_random_uuid(), %(area)s::text, upper(left(bill.diagnosis_code, 3)),
       row.place, row.kind, count(*),
       round(percentile_cont(0.25) WITHIN GROUP (ORDER BY row.total)::numeric, 2),
       round(percentile_cont(0.50) WITHIN GROUP (ORDER BY row.total)::numeric, 2),
       round(percentile_cont(0.75) WITHIN GROUP (ORDER BY row.total)::numeric, 2),
       coalesce(round(sum(row.in_scope) / nullif(sum(row.total), 0), 4), 0),
       %(now)s
  FROM settlement_settlement row
  JOIN settlement_bill bill
    ON bill.person_id = row.person_id AND bill.id = row.bill_id
 WHERE row.kind = 'inpatient'
   AND row.entry <> 'reversal'
   AND row.discharged_on >= %(since)s
   AND row.insured_area LIKE %(area)s::text || '%%'
   AND NOT EXISTS (SELECT FROM settlement_settlement red
                    WHERE red.person_id = row.person_id AND red.reverses = row.id)
 GROUP BY 3, 4, 5
ON CONFLICT ON CONSTRAINT usual_cost_once DO UPDATE
   SET count = excluded.count, lower = excluded.lower, median = excluded.median,
       upper = excluded.upper, in_scope_share = excluded.in_scope_share,
       refreshed_at = excluded.refreshed_at
"""
_FORGET: Final = """
DELETE FROM settlement_usualcost WHERE area = %(area)s::text AND refreshed_at < %(now)s
"""


@transaction.atomic
def refresh_usual_costs() -> int:
    """How many groups and tiers have a usual cost now."""
    now = timezone.now()
    told: dict[str, Any] = {
        "area": NINGXIA,
        "now": now,
        "since": local_day(now) - _BACK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_REFRESH, told)
        counted = int(cursor.rowcount)
        cursor.execute(_FORGET, told)
    return counted
