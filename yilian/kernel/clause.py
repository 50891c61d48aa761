"""On what ground a rule stands: policy clauses by id, 政策条款.

`clauses.toml` holds every clause with what it demands, in our own words. An id
that is not there fails when the module that names it is imported.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Clause:
    id: str
    document: str
    says: str


class UnknownClause(LookupError):
    """A rule names a clause that no source document has."""


@cache
def clauses() -> dict[str, Clause]:
    source = resources.files("yilian.kernel").joinpath("clauses.toml")
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    documents = table["documents"]
    return {
        row["id"]: Clause(row["id"], documents[row["document"]], row["says"])
        for row in table["clause"]
    }


def clause(clause_id: str) -> Clause:
    try:
        return clauses()[clause_id]
    except KeyError:
        raise UnknownClause(clause_id) from None
