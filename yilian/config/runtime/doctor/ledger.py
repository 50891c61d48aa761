"""The books between institutions: every entry balances, and what guards it stands."""

from typing import Final

import psycopg

from yilian.config.runtime.doctor.findings import Finding, Level, judge
from yilian.config.runtime.environment import Place

GUARDS: Final = ("entry_admitted", "entry_balances", "posting_balances")
_WRONG: Final = """
SELECT count(*) FROM clearing_entry e
LEFT JOIN LATERAL (
    SELECT sum(n) AS legs, count(*) FILTER (WHERE total <> 0) AS uneven
    FROM (SELECT count(*) AS n, sum(p.amount) AS total
          FROM clearing_posting p JOIN clearing_ledgeraccount a ON a.id = p.account_id
          WHERE p.entry_id = e.id GROUP BY a.institution_id) of_house) found ON true
WHERE coalesce(found.legs, 0) <> e.legs OR found.uneven > 0
"""
_MISSING: Final = """
SELECT count(*) FROM unnest(%(names)s::text[]) AS wanted(name)
WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = wanted.name AND tgenabled = 'O')
"""


def check(place: Place) -> Finding:
    key, subject = "ledger", "内部结算账簿 ledger"
    with psycopg.connect(place.urls.owner) as connection:
        there = connection.execute("SELECT to_regclass('clearing_entry')").fetchone()
        if there is None or there[0] is None:  # not migrated yet: said elsewhere
            return Finding(key, Level.OK, subject, "还没有 absent")
        names = {"names": list(GUARDS)}
        missing = _number(connection.execute(_MISSING, names).fetchone())
        wrong = _number(connection.execute(_WRONG).fetchone())
    said = "借贷平衡 balanced" if not wrong else f"{wrong} 笔不平 entries uneven"
    if missing:
        said = f"缺少 {missing} 个触发器 triggers missing"
    return judge(
        not wrong and not missing,
        key,
        subject,
        said,
        "请勿继续记账，用最近的备份核对分录。 Stop posting; compare the entries with "
        "the last backup.",
    )


def _number(row: tuple[object, ...] | None) -> int:
    return int(str(row[0])) if row else 0
