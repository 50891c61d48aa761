"""The limit: pgbench replaying, prepared, the statements logged for one cycle.

What was born in the cycle (its ids, its number) and whose cycle it was become
variables, so that every replay is another referral of another person; all else
stays as it was logged.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from yilian.config.runtime import binaries

PERSON: Final = "person"
NUMBER: Final = "number"
A_DAY: Final = 86_400_000  # milliseconds
_ENTRY: Final = re.compile(r"^(?=\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] )", re.MULTILINE)
_LOGGED: Final = re.compile(
    r"\S+ \S+ \S+ \[(?P<pid>\d+)\] "
    r"(?P<kind>LOG:  statement:|LOG:  execute [^:]+:|DETAIL:  (?i:parameters):)"
    r" (?P<said>.*)",
    re.DOTALL,
)
_BOUND: Final = re.compile(r"\$(\d+) = ('(?:[^']|'')*'|NULL)")
_LOOKS: Final = {
    "::date": re.compile(r"'\d{4}-\d\d-\d\d'"),
    "::timestamptz": re.compile(r"'\d{4}-\d\d-\d\d \d\d:\d\d:[\d.+]+'"),
    "::uuid[]": re.compile(r"'\{[0-9a-f-]{36}(,[0-9a-f-]{36})*\}'"),
    "::bytea": re.compile(r"'\\\\?x[0-9a-f]*'"),
    "::jsonb": re.compile(r"'\{(?!\"resourceType).*\".*\}'", re.DOTALL),
}
_PARAMETER: Final = re.compile(r"\$(\d+)")
_LITERAL: Final = re.compile(r"E'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"[^\"]*\"")
_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")
_KEY: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}"
)
_NUMBER: Final = re.compile(r"Z\d{6}-[0-9A-Z]{6}-[0-9A-Z]")
_TALKS: Final = ("SAVEPOINT", "RELEASE SAVEPOINT", "BEGIN", "COMMIT")


def statements_of(log: str, pids: Iterable[int]) -> list[str]:
    """As they were run by these backends, in their order, with their parameters."""
    wanted = set(pids)
    found: list[str] = []
    for entry in _ENTRY.split(log):
        logged = _LOGGED.match(entry)
        if logged is None or int(logged["pid"]) not in wanted:
            continue
        if logged["kind"].startswith("DETAIL"):
            found[-1] = _bound(found[-1], dict(_BOUND.findall(logged["said"])))
        else:
            found.append(logged["said"].strip())
    return found


def _bound(sql: str, values: Mapping[str, str]) -> str:
    parts, at = [], 0
    for literal in _LITERAL.finditer(sql):
        parts += [_filled(sql[at : literal.start()], values), literal[0]]
        at = literal.end()
    return "".join([*parts, _filled(sql[at:], values)])


def _filled(piece: str, values: Mapping[str, str]) -> str:
    return _PARAMETER.sub(lambda found: _typed(values[found[1]]), piece)


def _typed(value: str) -> str:
    """The log shows values without their types: a moment must not be taken for a
    range of moments."""
    kind = next((kind for kind, look in _LOOKS.items() if look.fullmatch(value)), "")
    return value + kind


def only_talk(statement: str) -> bool:
    """Begins and ends something; touches no table."""
    return statement.startswith(_TALKS)


@dataclass(slots=True)
class Script:
    """A cycle for pgbench; `variables` are the ids it makes anew each time."""

    text: str
    variables: tuple[str, ...]


def script_of(
    statements: Iterable[str], *, person: UUID, born_after: datetime, group: int
) -> Script:
    """`group`: how many persons of `bench_person` each client has for itself."""
    names: dict[UUID, str] = {person: PERSON}
    since = int(born_after.timestamp() * 1000)
    lines = [_with_variables(sql, names, since) for sql in statements]
    made = tuple(name for name in names.values() if name != PERSON)
    fresh = ", ".join(f"uuidv7() AS {name}" for name in made)
    number = "'Z' || upper(substr(md5(random()::text), 1, 14))"
    head = (
        f"\\set n random({group} * :client_id, {group} * (:client_id + 1) - 1)\n"
        f"SELECT id AS {PERSON}, {number} AS {NUMBER}, {fresh}\n"
        "FROM bench_person WHERE n = :n \\gset\n"
    )
    return Script(head + "".join(f"{line};\n" for line in lines), made)


def _with_variables(sql: str, names: dict[UUID, str], since: int) -> str:
    return _LITERAL.sub(lambda found: _literal(found[0], names, since), sql)


def _literal(literal: str, names: dict[UUID, str], since: int) -> str:
    if literal.startswith('"'):
        return literal
    marked = _KEY.sub(lambda found: _marked(found[0], names, since), literal)
    marked = _NUMBER.sub(f"{{{{{NUMBER}}}}}", marked)
    parts = _PLACE.split(marked[marked.index("'") + 1 : -1])
    escaped = literal.startswith("E")
    said = [
        f":{part}" if place % 2 else _quoted(part, escaped)
        for place, part in enumerate(parts)
        if part
    ]
    if len(said) > 1:
        return f"({' || '.join(said)})"
    return said[0] if said else "''"


def _marked(key: str, names: dict[UUID, str], since: int) -> str:
    """A UUIDv7 tells when it was made: those of the cycle are made anew. A digest
    may look like one, but of another age."""
    known = UUID(key)
    is_of_cycle = known.version == 7 and since <= known.int >> 80 < since + A_DAY
    if known not in names and is_of_cycle:
        names[known] = f"id{len(names)}"
    return f"{{{{{names[known]}}}}}" if known in names else key


def _quoted(part: str, escaped: bool) -> str:
    """pgbench would take `:word` for a variable, inside quotes as well."""
    if ":" not in part:
        return f"{'E' if escaped else ''}'{part}'"
    kept = part if escaped else part.replace("\\", "\\\\")
    return "E'" + kept.replace(":", "\\072") + "'"


@dataclass(frozen=True, slots=True)
class Limit:
    cycles: int
    cycles_per_second: float
    milliseconds: float
    said: str


def replay(
    script: Path,
    *,
    server: Mapping[str, str],
    clients: int,
    seconds: int,
) -> Limit:
    words = [str(binaries.usable() / "pgbench"), "--no-vacuum", "--protocol=prepared"]
    words += [f"--client={clients}", "--jobs=2", f"--time={seconds}"]
    words += [f"--file={script}"]
    done = subprocess.run(
        words, env=dict(server), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout
    return Limit(
        cycles=int(_figure(said, r"actually processed: (\d+)")),
        cycles_per_second=_figure(said, r"tps = ([\d.]+)"),
        milliseconds=_figure(said, r"latency average = ([\d.]+) ms"),
        said=said,
    )


def _figure(said: str, pattern: str) -> float:
    found = re.search(pattern, said)
    assert found, said
    return float(found[1])


def unlike(counts: Mapping[str, int], cycles: int) -> Iterator[str]:
    """Tables of which a replay did not write what a cycle writes."""
    for table, grown in counts.items():
        if grown != cycles:
            yield f"{table}: {grown} for {cycles} cycles"
