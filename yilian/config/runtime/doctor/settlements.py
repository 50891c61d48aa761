"""Settlements: inserted only, each red entry the mirror of what it takes back.

Whether each comes out the same when counted again takes longer:
`yilian check-settlements`.
"""

from typing import Final

import psycopg

from yilian.config.runtime import database
from yilian.config.runtime.doctor.findings import Finding, Level, judge
from yilian.config.runtime.environment import Place

_UNEVEN: Final = """
SELECT count(*) FROM settlement_settlement red
  LEFT JOIN settlement_settlement whole
    ON whole.person_id = red.person_id AND whole.id = red.reverses
 WHERE red.entry = 'reversal'
   AND (whole.id IS NULL
    OR (red.total, red.basic_pay, red.supplement_pay, red.serious_pay,
        red.assistance_pay, red.patient_pay, red.account_pay)
    IS DISTINCT FROM (-whole.total, -whole.basic_pay, -whole.supplement_pay,
        -whole.serious_pay, -whole.assistance_pay, -whole.patient_pay,
        -whole.account_pay))
"""
_CHANGEABLE: Final = """
SELECT has_table_privilege(%(role)s, 'settlement_settlement', 'UPDATE')
    OR has_table_privilege(%(role)s, 'settlement_settlement', 'DELETE')
    OR has_column_privilege(%(role)s, 'settlement_bill', 'total', 'UPDATE')
"""
_ADVICE: Final = (
    "请停止结算，用最近的备份核对。 Stop settling; compare with the last backup."
)


def check(place: Place) -> Finding:
    key, subject = "settlements", "医保结算 settlements"
    with psycopg.connect(place.urls.owner) as connection:
        found = connection.execute("SELECT to_regclass('settlement_settlement')")
        there = found.fetchone()
        if there is None or there[0] is None:  # not migrated yet: said elsewhere
            return Finding(key, Level.OK, subject, "还没有 absent")
        row = connection.execute(_CHANGEABLE, {"role": database.APP}).fetchone()
        uneven = connection.execute(_UNEVEN).fetchone()
    wrong = int(str(uneven[0])) if uneven else 0
    said = "只能追加，红冲相抵 append-only, reversals even"
    if wrong:
        said = f"{wrong} 笔红冲不相抵 reversals uneven"
    if row and row[0]:
        said = "可被改写 changeable"
    return judge(not wrong and not (row and row[0]), key, subject, said, _ADVICE)
