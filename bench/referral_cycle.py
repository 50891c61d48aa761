"""How near a referral's whole cycle over HTTP comes to what its SQL alone could do.

    python bench/referral_cycle.py [--seconds 20] [--clients 16] [--rounds 1]

README.md says what is measured and how to read it.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import cycle, machine, processor, region, replay
from yilian.config.runtime.database import APP, DATABASE
from yilian.config.runtime.environment import Place, entered
from yilian.config.runtime.postgres import PORT, SUPERUSER

GOAL: Final = 0.10
COPY: Final = "yilian_bench"
CAPTURE: Final = "bench_capture"
COUNTY: Final = "640121-A1"
PERSONS_EACH: Final = 8
TALKATIVE: Final = {
    "log_statement": "all",
    "log_error_verbosity": "default",
    "log_parameter_max_length": "-1",
}
# What every cycle writes exactly once.
ONCE: Final = {
    "referral": "SELECT count(*) FROM referral_referral WHERE state = 'completed'",
    "feedback": "SELECT count(*) FROM referral_referralstep WHERE step = 'complete'",
    "encounter": "SELECT count(*) FROM reception_encounter WHERE state = 'finished'",
    "audit": "SELECT count(*) FROM audit_auditentry WHERE action = 'referral.complete'",
    "event": "SELECT count(*) FROM outbox_outboxmessage"
    " WHERE kind = 'ReferralCompleted'",
    "record": "SELECT count(*) FROM record_version WHERE type = 'Task' AND version = 4",
}


@dataclass(frozen=True, slots=True)
class Asked:
    seconds: int
    clients: int
    rounds: int
    residents: int


@dataclass(frozen=True, slots=True)
class Captured:
    """One cycle's statements by step, and the script made of them."""

    by_step: dict[str, list[str]]
    script: replay.Script


def main() -> None:
    asked = _asked()
    with _data_folder(), entered_quietly(asked) as place:
        people = region.more_people(asked.clients * PERSONS_EACH)
        target = _target(place)
        captured = _capture(place, people[0], target)
        _copy_database(place, people)
        _print_facts(place, asked)
        _print_statements(captured)
        groups = [people[n :: asked.clients] for n in range(asked.clients)]
        with region.whole(place.folder.log("bench_up")) as address:
            ratios = [
                _round(place, asked, captured, address, target, groups)
                for _ in range(asked.rounds)
            ]
    _print_verdict(ratios)


def _asked() -> Asked:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--residents", type=int, default=200)
    return Asked(**vars(parser.parse_args()))


@contextmanager
def _data_folder() -> Iterator[None]:
    """That of `YILIAN_DATA`, else one that goes away with us."""
    if os.environ.get("YILIAN_DATA"):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="yilian-bench-") as folder:
        os.environ["YILIAN_DATA"] = folder
        yield


@contextmanager
def entered_quietly(asked: Asked) -> Iterator[Place]:
    with entered() as place:
        assert place.embedded, "the log and the copy need our own server"
        region.build(asked.residents)
        yield place


def _target(place: Place) -> UUID:
    with _connected(place, DATABASE) as connection:
        query = "SELECT id FROM directory_institution WHERE code = %s"
        row = connection.execute(query, [COUNTY]).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def _capture(place: Place, person: UUID, target: UUID) -> Captured:
    """The second cycle of a lone worker: the first has filled its memory."""
    with _talkative(place), region.one_worker(CAPTURE, place.folder.log(CAPTURE)) as at:
        team = cycle.Team.enter(at)
        cycle.play(team, person, target, lambda *_: None)
        log = place.folder.cluster.log
        seen: dict[str, list[str]] = {}
        read = log.stat().st_size
        born_after = datetime.now(UTC)

        def noted(step: str, *_: Any) -> None:
            nonlocal read
            said = log.read_bytes()[read:]
            read += len(said)
            seen[step] = replay.statements_of(said.decode(), _pids(place))

        cycle.play(team, person, target, noted)
    every = [statement for statements in seen.values() for statement in statements]
    script = replay.script_of(
        every, person=person, born_after=born_after, group=PERSONS_EACH
    )
    return Captured(seen, script)


@contextmanager
def _talkative(place: Place) -> Iterator[None]:
    """What the app's role runs is logged whole, until it is not."""
    role = sql.SQL("ALTER ROLE {} IN DATABASE {} ").format(
        sql.Identifier(APP), sql.Identifier(DATABASE)
    )
    with _connected(place, "postgres") as connection:
        for name, value in TALKATIVE.items():
            to = sql.SQL("SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            connection.execute(role + to)
        try:
            yield
        finally:
            for name in TALKATIVE:
                reset = sql.SQL("RESET {}").format(sql.Identifier(name))
                connection.execute(role + reset)


def _pids(place: Place) -> list[int]:
    with _connected(place, "postgres") as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = %s", [CAPTURE]
        )
        return [int(pid) for (pid,) in rows]


def _copy_database(place: Place, people: Sequence[UUID]) -> None:
    """As it stands after the captured cycle, with the persons to choose from."""
    with _connected(place, "postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {COPY}")
        connection.execute(f"CREATE DATABASE {COPY} TEMPLATE {DATABASE}")
    with _connected(place, COPY) as connection:
        connection.execute("CREATE TABLE bench_person (n int PRIMARY KEY, id uuid)")
        connection.execute(f"GRANT SELECT ON bench_person TO {APP}")
        rows = list(enumerate(people))
        connection.cursor().executemany(
            "INSERT INTO bench_person VALUES (%s, %s)", rows
        )
        connection.execute("ANALYZE")


def _round(
    place: Place,
    asked: Asked,
    captured: Captured,
    address: str,
    target: UUID,
    groups: Sequence[Sequence[UUID]],
) -> float:
    at = (place.folder.path, place.folder.cluster.folder)
    run = cycle.Run(address, target, warm_up=3, result=cycle.Load(asked.seconds))
    ours = run.of(groups, look=lambda: processor.spent(*at))
    for words in ours.failed:
        print(f"  failed: {words}")
    _print_load(ours)
    before = processor.spent(*at)
    limit = _limit(place, asked, captured)
    after = processor.spent(*at)
    theirs = (after["postgres"] - before["postgres"]) / limit.cycles
    ratio = ours.cycles_per_second / limit.cycles_per_second
    print(
        f"  limit            {limit.cycles_per_second:8.1f} cycles/s"
        f"  ({limit.milliseconds:.0f} ms each, pgbench, prepared)"
    )
    print(f"  ratio            {ratio:8.3f}")
    print(f"  processor        {theirs:8.1f} ms a cycle of the limit in the database")
    return ratio


def _limit(place: Place, asked: Asked, captured: Captured) -> replay.Limit:
    script = place.folder.path / "bench_cycle.sql"
    script.write_text(captured.script.text)
    before = _counts(place)
    server = {
        **os.environ,
        "PGHOST": str(place.folder.cluster.socket_folder),
        "PGPORT": str(PORT),
        "PGUSER": APP,
        "PGDATABASE": COPY,
    }
    limit = replay.replay(
        script, server=server, clients=asked.clients, seconds=asked.seconds
    )
    grown = {name: count - before[name] for name, count in _counts(place).items()}
    for words in replay.unlike(grown, limit.cycles):
        print(f"  the replay is not the cycle! {words}")
    return limit


def _counts(place: Place) -> dict[str, int]:
    return {name: int(_ask(place, COPY, query)) for name, query in ONCE.items()}


def _ask(place: Place, database: str, query: str) -> Any:
    with _connected(place, database) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None, query
    return row[0]


def _connected(place: Place, database: str) -> "psycopg.Connection[Any]":
    url = place.folder.cluster.url(SUPERUSER, database)
    return psycopg.connect(url, autocommit=True)


# --- What is printed ----------------------------------------------------------


def _print_facts(place: Place, asked: Asked) -> None:
    for line in machine.facts():
        print(line)
    version = _ask(place, "postgres", "SHOW server_version")
    rows = _ask(place, DATABASE, "SELECT count(*) FROM record_resource")
    print(f"database           PostgreSQL {version}")
    print(f"region             {rows} resources in the record")
    print(f"clients            {asked.clients}, {asked.seconds} s a round")


def _print_statements(captured: Captured) -> None:
    print("statements         (in brackets: BEGIN, COMMIT and savepoints besides)")
    whole = talk = 0
    for step, statements in captured.by_step.items():
        talks = sum(map(replay.only_talk, statements))
        print(f"  {step:<16} {len(statements) - talks:5} ({talks})")
        whole, talk = whole + len(statements) - talks, talk + talks
    print(f"  cycle            {whole:5} ({talk})")


def _print_load(ours: cycle.Load) -> None:
    print("over HTTP             p50      p95  ms")
    for step, took in ours.took.items():
        ms = [1000 * seconds for seconds in took] or [0.0, 0.0]
        cuts = statistics.quantiles(ms, n=20, method="inclusive")
        print(f"  {step:<16} {cuts[9]:6.0f}   {cuts[18]:6.0f}")
    print(f"  cycles           {ours.cycles_per_second:8.1f} cycles/s")
    for kind, spent in ours.processor_ms().items():
        print(f"  processor        {spent:8.1f} ms a cycle in {kind}")


def _print_verdict(ratios: Sequence[float]) -> None:
    middle = statistics.median(ratios)
    verdict = "reached" if middle >= GOAL else "NOT reached"
    print(f"ratio (median)     {middle:.3f}: the goal of {GOAL:.2f} is {verdict}")
    sys.exit(0 if middle >= GOAL else 1)


if __name__ == "__main__":
    main()
