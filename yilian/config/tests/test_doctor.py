"""The doctor names what is wrong before anybody notices, and says what to do."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection

from yilian.config.runtime import facts, testdb
from yilian.config.runtime.doctor import data, deployment, work
from yilian.config.runtime.doctor.findings import (
    Finding,
    Level,
    as_json,
    exit_code,
    table,
)
from yilian.config.runtime.environment import Place
from yilian.config.runtime.folder import DataFolder
from yilian.foundation.identity.models import Account
from yilian.foundation.parameters.models import ParameterValue

NAME = f"yilian_test_{os.getpid()}_doctor"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    urls = testdb.clone(testdb.migrated_template(), NAME)
    folder = DataFolder(tmp_path_factory.mktemp("doctor") / "data")
    folder.prepare()
    yield Place(folder, urls, embedded=False)
    testdb.drop(NAME)


def levels(findings: Iterator[Finding] | list[Finding]) -> dict[str, Level]:
    return {finding.key: finding.level for finding in findings}


def do(place: Place, statement: str) -> None:
    with psycopg.connect(place.urls.owner, autocommit=True) as line:
        line.execute(statement)


def test_a_fresh_database_is_well(place: Place) -> None:
    found = levels([check(place) for check in data.CHECKS])
    found.pop("migrations")  # a test's database was not made by `yilian migrate`
    assert set(found.values()) == {Level.OK}, found
    found = levels(work.examine(place))
    found.pop("holidays")  # those of next year are known or not
    assert found == {
        "worker": Level.WARN,
        "outbox": Level.OK,
        "deliveries": Level.OK,
        "dead-letters": Level.OK,
        "dead-messages": Level.OK,
        "jobs": Level.OK,
        "audit-seal": Level.OK,
        "short-messages": Level.WARN,
        "backup": Level.WARN,
        "backup-verified": Level.WARN,
    }


@pytest.mark.parametrize(
    ("statement", "key", "level"),
    [
        (
            "INSERT INTO outbox_outboxmessage (id, kind, body, created_at) VALUES"
            " (gen_random_uuid(), 'X', '{}', now() - interval '2 minutes')",
            "outbox",
            Level.WARN,
        ),
        (
            "UPDATE outbox_outboxmessage SET created_at = now() - interval '1 day'",
            "outbox",
            Level.FAIL,
        ),
        (
            "INSERT INTO outbox_delivery (id, message_id, handler, state, tries,"
            " last_error) SELECT gen_random_uuid(), id, 'h', 'dead', 8, ''"
            " FROM outbox_outboxmessage",
            "dead-letters",
            Level.WARN,
        ),
        (
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
            " VALUES ('q', 't', 'doing')",
            "jobs",
            Level.WARN,
        ),
        (
            "INSERT INTO audit_auditentry (id, action, outcome, at, roles, actor_name,"
            " origin, person_ids, object_kind, ground, is_break_glass, detail) VALUES"
            " (gen_random_uuid(), 'a.b', 'done', now() - interval '2 hours', '', '',"
            " '', '{}', '', '', false, '{}')",
            "audit-seal",
            Level.FAIL,
        ),
    ],
)
def test_work_that_lies_about_is_named(
    place: Place, statement: str, key: str, level: Level
) -> None:
    do(place, statement)
    assert levels(work.examine(place))[key] is level


@pytest.mark.parametrize(
    ("hours", "level"), [(1, Level.OK), (30, Level.WARN), (200, Level.FAIL)]
)
def test_a_backup_grows_old(place: Place, hours: int, level: Level) -> None:
    facts.put(place.urls.owner, facts.PURPOSE, facts.WORK)
    saved_at = datetime.now(UTC) - timedelta(hours=hours)
    facts.put(place.urls.owner, facts.BACKUP, saved_at.isoformat())
    assert levels(work.examine(place))["backup"] is level


@pytest.mark.parametrize(
    ("today", "released", "level"),
    [
        (date(2026, 3, 1), set(), Level.OK),
        (date(2050, 3, 1), set(), Level.WARN),
        (date(2050, 3, 1), {2050}, Level.OK),
        (date(2050, 12, 1), {2050}, Level.WARN),
    ],
)
def test_next_years_holidays_are_asked_for_in_time(
    today: date, released: set[int], level: Level
) -> None:
    assert work.holidays(released, today).level is level


@pytest.mark.django_db
def test_a_year_that_was_released_is_known() -> None:
    one, other = (
        Account.objects.create(username=f"h{n}", kind="staff") for n in (1, 2)
    )
    for state, day in (("released", "2050-01-01"), ("proposed", "2051-01-01")):
        ParameterValue.objects.create(
            key="referral.working_days", area_code="64", starts_on=date(2049, 12, 1),
            value={day: False}, state=state, proposed_by=one,
            decided_by=other if state == "released" else None,
        )  # fmt: skip
    connection.ensure_connection()
    assert work.released_years(connection.connection) == {2050}


def test_a_region_that_sends_no_short_messages_is_told_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts.put(place.urls.owner, facts.PURPOSE, facts.WORK)
    assert levels(work.examine(place))["short-messages"] is Level.WARN
    monkeypatch.setenv("YILIAN_SHORT_MESSAGES", "carrier.Gateway")
    assert levels(work.examine(place))["short-messages"] is Level.OK


def test_a_demo_needs_neither_backup_nor_carrier(place: Place) -> None:
    facts.put(place.urls.owner, facts.PURPOSE, facts.DEMO)
    assert not {"backup", "short-messages"} & set(levels(work.examine(place)))


def test_audit_rows_that_the_application_may_change_are_a_failure(
    place: Place,
) -> None:
    do(place, "GRANT UPDATE ON audit_auditentry TO yilian_app")
    found = levels([check(place) for check in data.CHECKS])
    do(place, "REVOKE UPDATE ON audit_auditentry FROM yilian_app")
    assert found["audit-rights"] is Level.FAIL


def test_serving_as_the_owner_is_a_failure(place: Place) -> None:
    urls = type(place.urls)(owner=place.urls.owner, app=place.urls.owner)
    as_owner = Place(place.folder, urls, embedded=False)
    found = [check(as_owner) for check in data.CHECKS]
    [roles] = [finding for finding in found if finding.key == "roles"]
    assert roles.level is Level.FAIL
    assert "owner of tables" in roles.found


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ({}, Level.OK),
        ({"YILIAN_HOST": "0.0.0.0"}, Level.WARN),  # noqa: S104 the very case
        ({"YILIAN_TLS": "1", "YILIAN_HOSTS": "yl.example"}, Level.OK),
        ({"YILIAN_TLS": "1", "YILIAN_HOSTS": "*"}, Level.FAIL),
        ({"YILIAN_TLS": "1"}, Level.FAIL),
    ],
)
def test_how_it_stands_in_the_network(
    told: dict[str, str], level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("YILIAN_HOST", "YILIAN_HOSTS", "YILIAN_TLS", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert levels(deployment.examine())["tls"] is level


@pytest.mark.parametrize(
    ("days", "level"), [(90, Level.OK), (10, Level.WARN), (1, Level.FAIL)]
)
def test_a_certificate_runs_out(
    days: int, level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "site.pem"
    path.write_bytes(_certificate(datetime.now(UTC) + timedelta(days=days)))
    monkeypatch.setenv("YILIAN_CERTIFICATE", str(path))
    assert levels(deployment.examine())["certificate"] is level


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("postgresql://a:b@db.example/y", Level.WARN),
        ("postgresql://a:b@db.example/y?sslmode=verify-full", Level.OK),
        ("postgresql://a:b@127.0.0.1/y", Level.OK),
        ("postgresql:///y?host=/run/postgresql", Level.OK),
    ],
)
def test_the_way_to_another_machine_is_to_be_closed(
    url: str, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert levels(deployment.examine())["database-tls"] is level


def test_what_is_found_is_told_in_lines_in_json_and_as_a_code() -> None:
    well = Finding("a", Level.OK, "甲", "well")
    odd = Finding("b", Level.WARN, "乙", "odd", "do this")
    bad = Finding("c", Level.FAIL, "丙", "bad", "do that")
    assert list(table([odd])) == ["[warn] 乙: odd", "       → do this"]
    assert json.loads(as_json([well, odd]))["level"] == "warn"
    assert json.loads(as_json([bad]))["findings"][0]["key"] == "c"
    assert exit_code([well, odd]) == 0
    assert exit_code([well, odd], strict=True) == 2
    assert exit_code([well, odd, bad], strict=True) == 1


def _certificate(until: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "yl.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until - timedelta(days=100))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)
