"""Whoever changes the trail, even with the owner's rights, is found."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection, transaction

from yilian.config.runtime.testdb import urls_for
from yilian.foundation.access.actor import system_actor
from yilian.foundation.audit import services
from yilian.foundation.audit.models import AuditEntry, AuditSeal
from yilian.foundation.audit.verification import Trouble, Verification
from yilian.foundation.tests.stage import let_others_finish
from yilian.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    url = urls_for(os.environ["YILIAN_TEST_DATABASE"]).owner
    with psycopg.connect(url, autocommit=True) as connected:
        yield connected


@pytest.fixture
def trail() -> None:
    """Three seals of several rows."""
    for _batch in range(3):
        for number in range(5):
            write(number)
        seal()


def seal() -> int:
    let_others_finish()
    return services.seal()


def write(number: int) -> None:
    services.record(
        system_actor("test"),
        "record.read",
        person_id=new_id(),
        person_ids=[new_id(), new_id()],
        detail={"n": number, "words": "转诊"},
    )


def found(report: Verification) -> list[tuple[str, int | None]]:
    return [(finding.trouble.value, finding.seal) for finding in report.findings]


def test_an_untouched_trail_is_clean(trail: None) -> None:
    report = services.verify()
    assert report.is_clean
    assert (report.seals, report.rows, report.unsealed) == (3, 15, 0)


def test_nothing_new_makes_no_seal(trail: None) -> None:
    assert seal() == 0
    assert AuditSeal.objects.count() == 3


@pytest.mark.parametrize(
    "change",
    [
        "action = 'record.write'",
        "at = at - interval '1 second'",
        "account_id = gen_random_uuid()",
        "person_id = NULL",
        "person_ids = '{}'",
        "ground = 'consent'",
        "is_break_glass = true",
        "detail = '{}'",
        "xid = xid",
    ],
)
def test_a_changed_row_is_named(
    trail: None, owner: psycopg.Connection, change: str
) -> None:
    entry = AuditEntry.objects.order_by("xid")[7]
    owner.execute(
        f"UPDATE audit_auditentry SET {change} WHERE id = %s",  # noqa: S608
        [entry.id],
    )
    report = services.verify()
    if change == "xid = xid":  # a change of nothing is none
        assert report.is_clean
        return
    assert [(f.trouble, f.entry_id) for f in report.findings] == [
        (Trouble.CHANGED, entry.id)
    ]


def test_a_removed_row_is_named(trail: None, owner: psycopg.Connection) -> None:
    entry = AuditEntry.objects.order_by("xid")[7]
    owner.execute("DELETE FROM audit_auditentry WHERE id = %s", [entry.id])
    finding = services.verify().findings[0]
    assert (finding.trouble, finding.entry_id) == (Trouble.MISSING, entry.id)


def test_a_row_put_in_afterwards_is_named(
    trail: None, owner: psycopg.Connection
) -> None:
    owner.execute(
        "INSERT INTO audit_auditentry SELECT (jsonb_populate_record(e,"
        " jsonb_build_object('id', gen_random_uuid()))).*"
        " FROM audit_auditentry e ORDER BY xid LIMIT 1"
    )
    assert found(services.verify()) == [("added", 1)]


def test_a_row_moved_in_time_is_missed_where_it_was(
    trail: None, owner: psycopg.Connection
) -> None:
    owner.execute(
        "UPDATE audit_auditentry SET xid = xid + 100000"
        " WHERE id = (SELECT id FROM audit_auditentry ORDER BY xid LIMIT 1)"
    )
    assert found(services.verify()) == [("missing", 1)]


def test_a_row_changed_together_with_its_seal_breaks_the_chain(
    trail: None, owner: psycopg.Connection
) -> None:
    owner.execute(
        "UPDATE audit_auditseal SET leaves = ''::bytea, rows = 0 WHERE number = 2"
    )
    troubles = {trouble for trouble, _seal in found(services.verify())}
    assert "seal" in troubles


def test_a_seal_taken_out_of_the_middle_is_found(
    trail: None, owner: psycopg.Connection
) -> None:
    owner.execute("DELETE FROM audit_auditseal WHERE number = 2")
    assert ("seal", 3) in found(services.verify())


def test_rows_not_yet_sealed_are_counted_with_their_age(trail: None) -> None:
    write(99)
    report = services.verify()
    assert report.is_clean
    assert report.unsealed == 1
    assert report.unsealed_for is not None
    assert "unsealed: 1" in str(report)


def test_the_sealer_stops_before_a_running_transaction_and_never_waits(
    owner: psycopg.Connection,
) -> None:
    owner.autocommit = False
    owner.execute("SELECT pg_current_xact_id()")
    write(1)
    assert services.seal() == 0  # begun after one that still runs
    owner.rollback()
    assert seal() == 1


def test_a_transaction_is_never_parted_by_a_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    for _transaction in range(3):
        with transaction.atomic():
            for number in range(3):
                write(number)
    seal()
    assert list(
        AuditSeal.objects.order_by("number").values_list("rows", flat=True)
    ) == [
        3,
        3,
        3,
    ]
    assert services.verify().is_clean


def test_several_sealers_and_writers_at_once_leave_one_unbroken_chain() -> None:
    def work(number: int) -> None:
        try:
            write(number)
            services.seal()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(40)))
    seal()
    report = services.verify()
    assert report.is_clean
    assert (report.rows, report.unsealed) == (40, 0)


def test_sealing_and_looking_at_the_tail_use_the_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT * FROM audit_auditentry WHERE xid >= 5 AND xid < 900"
            " ORDER BY xid, id"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "audit_in_sealing_order" in plan
    assert "Sort" not in plan
