"""Saying to the database what an act writes: at once, or together in one statement.

Most of what an act writes needs no answer: the row as it is now, its step, the audit,
the event. Each sent by itself costs more on the way than in the tables.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from django.db import IntegrityError, connection

Said = tuple[str, Sequence[Any]]  # a statement and its values
Explain = Callable[[IntegrityError], Exception]


@dataclass(slots=True)
class _Gathered:
    """What goes to the database as one statement."""

    writes: list[Said] = field(default_factory=list)
    calls: list[Said] = field(default_factory=list)
    explanations: list[Explain] = field(default_factory=list)


_GATHERED: Final = ContextVar[_Gathered | None]("gathered", default=None)


def write(said: Said) -> None:
    """An INSERT or UPDATE that waits for no answer."""
    with together() as gathered:
        gathered.writes.append(said)


def call(said: Said, *, explain: Explain) -> None:
    """A function of the database that writes, as `SELECT FROM it(…)`: waits for no
    answer either. `explain` knows what it means when the function refuses."""
    with together() as gathered:
        gathered.calls.append(said)
        gathered.explanations.append(explain)


def ask_and_write(question: Said, then: Said) -> list[tuple[Any, ...]]:
    """The answer of the question, which `then`, an INSERT, reads as `found`."""
    statement = f"WITH found AS ({question[0]}), noted AS ({then[0]}) TABLE found"
    with connection.cursor() as cursor:
        cursor.execute(statement, [*question[1], *then[1]])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def write_once(made: Said, then: Said) -> None:
    """`made`, an INSERT … ON CONFLICT DO NOTHING; and `then` if it made a row."""
    with together() as gathered:
        first = f"part_{len(gathered.writes)}"
        (statement, values), (following, told) = made, then
        write((f"{statement} RETURNING 1", values))
        write((f"{following} WHERE EXISTS (SELECT FROM {first})", told))


def write_each(made: Said, then: Said) -> None:
    """`made`, an INSERT … ON CONFLICT DO NOTHING of several rows; and `then`, in which
    `{made}` stands for the ids of those it made."""
    (statement, values), (following, told) = made, then
    with together() as gathered:
        first = f"part_{len(gathered.writes)}"
        gathered.writes.append((f"{statement} RETURNING id", values))
        gathered.writes.append((following.format(made=f"(TABLE {first})"), told))


@contextmanager
def together() -> Iterator[_Gathered]:
    """What is written inside goes as one statement at the end, or not at all.

    None of it sees what another part wrote, nor does what is asked inside; so two parts
    must not write to the same row. Inside another `together` it goes with that one.
    """
    outer = _GATHERED.get()
    if outer is not None:
        yield outer
        return
    gathered = _Gathered()
    token = _GATHERED.set(gathered)
    try:
        yield gathered
    finally:
        _GATHERED.reset(token)
    if gathered.writes or gathered.calls:
        _send(gathered)


def _send(gathered: _Gathered) -> None:
    writes, calls = gathered.writes, gathered.calls
    statement = _one(_texts(writes), _texts(calls))
    told = [value for _sql, values in (*writes, *calls) for value in values]
    with connection.cursor() as cursor:
        try:
            cursor.execute(statement, told)
        except IntegrityError as error:
            raise _explained(error, gathered.explanations) from None


def _texts(many: Sequence[Said]) -> tuple[str, ...]:
    return tuple(sql for sql, _values in many)


def _explained(error: IntegrityError, explanations: Sequence[Explain]) -> Exception:
    meant = (explain(error) for explain in explanations)
    return next((one for one in meant if one is not error), error)


@lru_cache(maxsize=500)
def _one(writes: tuple[str, ...], calls: tuple[str, ...]) -> str:
    """A function is only called where the statement as a whole asks for it, what
    writes rows is done wherever it stands."""
    *others, last = writes if not calls else (*writes, " UNION ALL ".join(calls))
    if not others:
        return last
    parts = ", ".join(f"part_{n} AS ({sql})" for n, sql in enumerate(others))
    return f"WITH {parts} {last}"
