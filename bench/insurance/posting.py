"""How near posting and settling a bill over HTTP comes to what its SQL alone could do.

    python -m bench.insurance.posting [--seconds 20] [--clients 16] [--rounds 1]

A cycle is a stay's bill sent by the hospital's finance office and its settlement by
the insurer's clerk, with everything on: decision, working, audit, events. The limit is
pgbench replaying, prepared, the statements that PostgreSQL logged for one cycle. Each
cycle has a person of its own, so that nobody's book grows.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql

from bench import machine, processor, region, replay
from journeys.plain_http import CSRF, Answer, Visitor
from yilian.config.runtime.database import APP, DATABASE
from yilian.config.runtime.environment import Place, entered
from yilian.config.runtime.postgres import PORT, SUPERUSER
from yilian.kernel.ids import new_id

GOAL: Final = 0.10
COPY: Final = "yilian_bench"
CAPTURE: Final = "bench_capture"
STEPS: Final = ("post", "settle")
PERSONS_EACH: Final = 500
WARM_UP: Final = 3.0
TALKATIVE: Final = {
    "log_statement": "all",
    "log_error_verbosity": "default",
    "log_parameter_max_length": "-1",
}
# What every cycle writes exactly once.
ONCE: Final = {
    "bill": "SELECT count(*) FROM settlement_bill",
    "decision": "SELECT count(*) FROM settlement_decision",
    "settlement": "SELECT count(*) FROM settlement_settlement",
    "audit": "SELECT count(*) FROM audit_auditentry WHERE action = 'settlement.settle'",
    "event": "SELECT count(*) FROM outbox_outboxmessage WHERE kind = 'BillSettled'",
}
_NUMBER: Final = re.compile(r"J(\d{6})-[0-9A-Z]{9}-[0-9A-Z]")
_LINES: Final = [
    {"catalog_class": "A", "amount": "2200.00", "name": "治疗"},
    {"catalog_class": "B", "amount": "800.00", "self_pay_first_rate": "0.10"},
    {"catalog_class": "C", "amount": "200.00"},
]


@dataclass(frozen=True, slots=True)
class Asked:
    seconds: int
    clients: int
    rounds: int
    residents: int


@dataclass(frozen=True, slots=True)
class Team:
    """Who plays a cycle: the hospital's finance office, the insurer's clerk."""

    finance: Visitor
    clerk: Visitor

    @classmethod
    def enter(cls, address: str) -> "Team":
        names = ("county_finance", "insurance_clerk")
        return cls(*(Visitor(address).enter(name) for name in names))


@dataclass(slots=True)
class Load:
    """Seconds of every step that ended inside the window, and what went wrong."""

    took: dict[str, list[float]] = field(
        default_factory=lambda: {name: [] for name in STEPS}
    )
    failed: list[str] = field(default_factory=list)
    rate: float = 0.0


def main() -> None:
    asked = _asked()
    with _data_folder(), _entered(asked) as place:
        payers = _payers(asked.clients * PERSONS_EACH + 2)
        script, counts = _capture(place, payers[:2])
        _copy_database(place, payers[2:])
        _print_facts(place, asked, counts)
        with region.whole(place.folder.log("bench_up")) as address:
            ratios = [
                _round(place, asked, script, address, payers[2:], number)
                for number in range(asked.rounds)
            ]
    middle = statistics.median(ratios)
    verdict = "reached" if middle >= GOAL else "NOT reached"
    print(f"ratio (median)     {middle:.3f}: the goal of {GOAL:.2f} is {verdict}")
    sys.exit(0 if middle >= GOAL else 1)


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
def _entered(asked: Asked) -> Iterator[Place]:
    with entered() as place:
        assert place.embedded, "the log and the copy need our own server"
        region.build(asked.residents)
        yield place


def _payers(count: int) -> list[UUID]:
    made = subprocess.run(
        [sys.executable, "-m", "bench.insurance.payers", str(count)],
        cwd=region.ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return [UUID(line) for line in made.stdout.split()]


# --- A cycle ------------------------------------------------------------------


def _play(team: Team, person: UUID, noted: Any) -> None:
    discharged = date.today() - timedelta(days=1)  # noqa: DTZ011 of this machine
    said = {
        "key": str(new_id()),
        "person_id": str(person),
        "number": str(new_id()),
        "kind": "inpatient",
        "admitted_on": (discharged - timedelta(days=5)).isoformat(),
        "discharged_on": discharged.isoformat(),
        "catalogue": "2025",
        "diagnosis_code": "I10.x00",
        "lines": _LINES,
    }
    made = _step("post", team.finance, "/insurance/bills", said, noted, 201)
    bill = json.loads(made.text)["id"]
    _step("settle", team.clerk, f"/insurance/bills/{bill}/settle", {}, noted, 302)


def _step(
    name: str, who: Visitor, path: str, said: object, noted: Any, wanted: int
) -> Answer:
    headers = {
        "Content-Type": "application/json",
        "X-CSRFToken": who.cookies.get(CSRF, ""),
    }
    begun = time.perf_counter()
    answer = who.ask("POST", path, json.dumps(said), headers)
    noted(name, time.perf_counter() - begun)
    assert answer.status == wanted, f"{name}: {answer.status}\n{answer.text[:2000]}"
    return answer


# --- Ours ---------------------------------------------------------------------


@dataclass(slots=True)
class Run:
    """Clients that begin together; only what ends inside the window is counted."""

    address: str
    seconds: int
    result: Load = field(default_factory=Load)
    window: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def of(self, groups: Sequence[Sequence[UUID]]) -> Load:
        """One thread for each group."""
        gate = threading.Barrier(len(groups), action=self._start, timeout=120)
        threads = [
            threading.Thread(target=self._client, args=(group, gate))
            for group in groups
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cycles = sum(map(len, self.result.took.values())) / len(STEPS)
        self.result.rate = cycles / self.seconds
        return self.result

    def _start(self) -> None:
        begun = time.perf_counter() + WARM_UP
        self.window = [begun, begun + self.seconds]

    def _client(self, group: Sequence[UUID], gate: threading.Barrier) -> None:
        try:
            team = Team.enter(self.address)
            gate.wait()
            for person in group:
                if time.perf_counter() >= self.window[1]:
                    return
                _play(team, person, self._noted)
            self.result.failed.append("more persons are needed: raise PERSONS_EACH")
        except (AssertionError, OSError) as error:
            self.result.failed.append(str(error))

    def _noted(self, name: str, took: float) -> None:
        if self.window[0] <= time.perf_counter() < self.window[1]:
            self.result.took[name].append(took)


def _round(
    place: Place,
    asked: Asked,
    script: replay.Script,
    address: str,
    payers: Sequence[UUID],
    number: int,
) -> float:
    """Each round takes persons who have not been billed yet."""
    share = PERSONS_EACH // asked.rounds
    groups = [
        payers[n * PERSONS_EACH + number * share :][:share]
        for n in range(asked.clients)
    ]
    at = (place.folder.path, place.folder.cluster.folder)
    before = processor.spent(*at)
    ours = Run(address, asked.seconds).of(groups)
    spent = {k: ms - before[k] for k, ms in processor.spent(*at).items()}
    for words in ours.failed[:3]:
        print(f"  failed: {words}")
    _print_load(ours, spent, asked)
    limit = _limit(place, asked, script)
    ratio = ours.rate / limit.cycles_per_second
    print(f"  limit            {limit.cycles_per_second:8.1f} cycles/s (pgbench)")
    print(f"  ratio            {ratio:8.3f}")
    return ratio


# --- The limit ----------------------------------------------------------------


def _capture(
    place: Place, payers: Sequence[UUID]
) -> tuple[replay.Script, dict[str, int]]:
    """The second cycle of a lone worker: the first has filled its memory."""
    with _talkative(place), region.one_worker(CAPTURE, place.folder.log(CAPTURE)) as at:
        team = Team.enter(at)
        _play(team, payers[0], lambda *_: None)
        log = place.folder.cluster.log
        read, born_after = log.stat().st_size, datetime.now(UTC)
        seen: dict[str, list[str]] = {}

        def noted(step: str, _took: float) -> None:
            nonlocal read
            said = log.read_bytes()[read:]
            read += len(said)
            seen[step] = replay.statements_of(said.decode(), _pids(place))

        _play(team, payers[1], noted)
    every = [_renumbered(one) for statements in seen.values() for one in statements]
    script = replay.script_of(
        every, person=payers[1], born_after=born_after, group=PERSONS_EACH
    )
    counts = {
        step: sum(not replay.only_talk(one) for one in statements)
        for step, statements in seen.items()
    }
    return script, counts


def _renumbered(statement: str) -> str:
    """A settlement's number in the shape that `replay` makes anew each time."""
    return _NUMBER.sub(r"Z\1-AAAAAA-A", statement)


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


def _copy_database(place: Place, payers: Sequence[UUID]) -> None:
    """As it stands after the captured cycle, with the persons to choose from."""
    with _connected(place, "postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {COPY}")
        connection.execute(f"CREATE DATABASE {COPY} TEMPLATE {DATABASE}")
    with _connected(place, COPY) as connection:
        connection.execute("CREATE TABLE bench_person (n int PRIMARY KEY, id uuid)")
        connection.execute(f"GRANT SELECT ON bench_person TO {APP}")
        # A person drawn twice has settled before: what the replay writes of the order
        # of the person's rows would be refused, though it costs the same.
        for table, name in (
            ("settlement_settlement", "settlement_in_order"),
            ("settlement_settlement", "settlement_one_a_turn"),
        ):
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE")
            columns = {
                "settlement_in_order": "person_id, sequence",
                "settlement_one_a_turn": "person_id, bill_id, turn",
            }[name]
            connection.execute(f"CREATE INDEX ON {table} ({columns})")
        rows = list(enumerate(payers))
        connection.cursor().executemany(
            "INSERT INTO bench_person VALUES (%s, %s)", rows
        )
        connection.execute("ANALYZE")


def _limit(place: Place, asked: Asked, captured: replay.Script) -> replay.Limit:
    script = place.folder.path / "bench_posting.sql"
    script.write_text(captured.text)
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


def _print_facts(place: Place, asked: Asked, counts: dict[str, int]) -> None:
    for line in machine.facts():
        print(line)
    version = _ask(place, "postgres", "SHOW server_version")
    rows = _ask(place, DATABASE, "SELECT count(*) FROM settlement_settlement")
    print(f"database           PostgreSQL {version}")
    print(f"region             {rows} settlements")
    print(f"clients            {asked.clients}, {asked.seconds} s a round")
    told = ", ".join(f"{step} {count}" for step, count in counts.items())
    print(f"statements         {told} (without BEGIN, COMMIT and savepoints)")


def _print_load(ours: Load, spent: dict[str, float], asked: Asked) -> None:
    print("over HTTP             p50      p95  ms")
    for step, took in ours.took.items():
        ms = [1000 * seconds for seconds in took] or [0.0, 0.0]
        cuts = statistics.quantiles(ms, n=20, method="inclusive")
        print(f"  {step:<16} {cuts[9]:6.0f}   {cuts[18]:6.0f}")
    print(f"  cycles           {ours.rate:8.1f} cycles/s")
    cycles = max(ours.rate * (asked.seconds + WARM_UP), 1.0)
    for kind, used in spent.items():
        print(f"  processor        {used / cycles:8.1f} ms a cycle in {kind}")


if __name__ == "__main__":
    main()
