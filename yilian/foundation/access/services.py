"""Saying to the database what an act writes: at once, or together in one statement.

Most of what an act writes needs no answer: the row as it is now, its step, the audit,
the event. Each sent by itself costs more on the way than in the tables.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

from django.db import connection

Said = tuple[str, Sequence[Any]]  # a statement and its values

_GATHERED: Final = ContextVar[list[Said] | None]("gathered", default=None)


def write(said: Said) -> None:
    """An INSERT or UPDATE that waits for no answer."""
    gathered = _GATHERED.get()
    if gathered is None:
        _send([said])
    else:
        gathered.append(said)


def write_once(made: Said, then: Said) -> None:
    """`made`, an INSERT … ON CONFLICT DO NOTHING; and `then` if it made a row."""
    with together():
        first = f"part_{len(_GATHERED.get() or ())}"
        (statement, values), (following, told) = made, then
        write((f"{statement} RETURNING 1", values))
        write((f"{following} WHERE EXISTS (SELECT FROM {first})", told))


@contextmanager
def together() -> Iterator[None]:
    """What is written inside goes as one statement at the end, or not at all.

    None of it sees what another part wrote, nor does what is asked inside; so two parts
    must not write to the same row. Inside another `together` it goes with that one.
    """
    if _GATHERED.get() is not None:
        yield
        return
    gathered: list[Said] = []
    token = _GATHERED.set(gathered)
    try:
        yield
    finally:
        _GATHERED.reset(token)
    if gathered:
        _send(gathered)


def _send(many: Sequence[Said]) -> None:
    statement = _one(tuple(sql for sql, _values in many))
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for _sql, told in many for value in told])


@lru_cache(maxsize=500)
def _one(statements: tuple[str, ...]) -> str:
    *others, last = statements
    if not others:
        return last
    parts = ", ".join(f"part_{n} AS ({sql})" for n, sql in enumerate(others))
    return f"WITH {parts} {last}"
