"""The places of insurance that have settlements, each found by a probe of an index."""

from typing import Final

from yilian.insurance.settlement.models import MonthSum
from yilian.kernel.areas import LENGTHS, AreaLevel

_COUNTY: Final = LENGTHS[AreaLevel.COUNTY]
# From one area to the next; never through the rows of one.
_FOUND: Final = """
WITH RECURSIVE area(code) AS (
    SELECT min(insured_area) FROM settlement_settlement WHERE insured_area >= %(from)s
    UNION ALL
    SELECT (SELECT min(insured_area) FROM settlement_settlement
             WHERE insured_area > area.code)
      FROM area WHERE area.code IS NOT NULL AND area.code < %(to)s
)
SELECT gen_random_uuid() AS id, code AS insured_area FROM area
 WHERE code >= %(from)s AND code < %(to)s
"""


def areas_within(area_code: str) -> list[str]:
    """Counties of the area, or the county itself."""
    if len(area_code) >= _COUNTY:
        return [area_code]
    span = {"from": area_code.ljust(_COUNTY, "0"), "to": f"{area_code}:"}
    return [row.insured_area for row in MonthSum.objects.raw(_FOUND, span)]
