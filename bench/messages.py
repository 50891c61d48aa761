"""How many messages a second the MLLP listener takes in, beside one that only answers.

    python bench/messages.py [--seconds 15] [--senders 8] [--residents 200]

README.md says what is measured and how to read it.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine, region
from bench.faults.stage import beside
from journeys.messages import HOST, Senders, groups_of, listening, sender_of
from yilian.config.runtime.environment import entered
from yilian.interfaces.exchange.hl7v2.listener import Limits, Listener

PATIENTS_EACH: Final = 4
WARM_UP: Final = 2.0
ECHO: Final = "--echo"
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Asked:
    seconds: int
    senders: int
    residents: int


@dataclass(frozen=True, slots=True)
class Taken:
    messages: int
    per_second: float
    p50: float  # milliseconds
    p95: float
    listener: float  # milliseconds of processor time a message
    database: float
    others: Mapping[str, int]


def main() -> None:
    if ECHO in sys.argv:
        asyncio.run(_echo(int(sys.argv[sys.argv.index(ECHO) + 1])))
        return
    asked = _asked()
    with _folder(), entered() as place:
        assert place.embedded, "the processor time is that of our own server"
        region.build(asked.residents)
        made = beside(
            place.folder.path, "bench.senders", str(asked.senders * PATIENTS_EACH)
        )
        assert made.returncode == 0, made.stderr
        told = json.loads(made.stdout)
        for line in machine.facts():
            print(line)
        print(f"senders            {asked.senders}, {asked.seconds} s, a line each")
        with listening(place.folder.path) as listener:
            assert listener.process is not None
            cluster = place.folder.cluster.folder
            ours = _taken(told, asked, listener.port, listener.process.pid, cluster)
    _print("listener", ours)
    with _answering() as (port, pid):
        bare = _taken(told, asked, port, pid, None)
    _print("only answering", bare)
    print(f"ratio              {ours.per_second / bare.per_second:.3f}")


@contextmanager
def _folder() -> Iterator[None]:
    """That of `YILIAN_DATA`, else one that goes away with us."""
    if os.environ.get("YILIAN_DATA"):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="yilian-bench-") as folder:
        os.environ["YILIAN_DATA"] = folder
        yield


def _asked() -> Asked:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument("--residents", type=int, default=200)
    return Asked(**vars(parser.parse_args()))


def _taken(
    told: Mapping[str, Any], asked: Asked, port: int, pid: int, cluster: Path | None
) -> Taken:
    senders = Senders(sender_of(told), port).start(groups_of(told, asked.senders))
    time.sleep(WARM_UP)
    at, before = len(senders.took), _spent(pid, cluster)
    begun = time.monotonic()
    time.sleep(asked.seconds)
    took, after = senders.took[at:], _spent(pid, cluster)
    passed = time.monotonic() - begun
    senders.stop()
    assert not senders.unsettled, senders.unsettled[:3]
    assert took, senders.others
    cuts = statistics.quantiles([1000 * one for one in took], n=20, method="inclusive")
    return Taken(
        messages=len(took),
        per_second=len(took) / passed,
        p50=cuts[9],
        p95=cuts[18],
        listener=(after[0] - before[0]) / len(took),
        database=(after[1] - before[1]) / len(took),
        others=dict(senders.others),
    )


def _spent(pid: int, cluster: Path | None) -> tuple[float, float]:
    """Milliseconds so far: of the listener, of the database with its children."""
    if cluster is None:
        return _milliseconds(Path(f"/proc/{pid}")), 0.0
    database = sum(
        _milliseconds(entry, with_children=True)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and _is_of(entry, cluster)
    )
    return _milliseconds(Path(f"/proc/{pid}")), database


def _is_of(entry: Path, cluster: Path) -> bool:
    try:
        is_server = (entry / "comm").read_text().strip() == "postgres"
        return is_server and (entry / "cwd").samefile(cluster)
    except OSError:  # gone, or somebody else's
        return False


def _milliseconds(entry: Path, *, with_children: bool = False) -> float:
    try:
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    counted = fields[11:15] if with_children else fields[11:13]
    return sum(map(int, counted)) * 1000 / _TICKS


@contextmanager
def _answering() -> Iterator[tuple[int, int]]:
    """The same listener before a desk that reads nothing and says AA."""
    process = subprocess.Popen(
        [sys.executable, __file__, ECHO, "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.terminate()
        process.wait(30)


class _Yes:
    """Knows a message by its control id, and nothing else."""

    def take(self, message: bytes, origin: str) -> bytes:
        control_id = message.split(b"|", 10)[9]
        return b"MSH|^~\\&|YILIAN|NX\rMSA|AA|" + control_id + b"\r"

    def refuse_size(self, begun: bytes, origin: str) -> bytes:
        return b"MSH|^~\\&|YILIAN|NX\rMSA|AR|?\r"


async def _echo(port: int) -> None:
    async with Listener(_Yes(), Limits()).open(HOST, port) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


def _print(name: str, taken: Taken) -> None:
    print(
        f"{name:<18} {taken.per_second:8.1f} messages/s"
        f"   p50 {taken.p50:.0f} ms, p95 {taken.p95:.0f} ms"
    )
    if taken.database:
        print(
            f"  processor        {taken.listener:8.1f} ms a message in the listener,"
            f" {taken.database:.1f} ms in the database"
        )
    if taken.others:
        print(f"  other answers    {taken.others}")


if __name__ == "__main__":
    main()
