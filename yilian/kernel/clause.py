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
    document_en: str
    says_en: str


class UnknownClause(LookupError):
    """A rule names a clause that no source document has."""


@cache
def clauses() -> dict[str, Clause]:
    """Every clause by its id, in the order of the documents."""
    source = resources.files("yilian.kernel").joinpath("clauses.toml")
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    documents, documents_en = table["documents"], table["documents_en"]
    return {
        row["id"]: Clause(
            id=row["id"],
            document=documents[row["document"]],
            says=row["says"],
            document_en=documents_en[row["document"]],
            says_en=row["says_en"],
        )
        for row in table["clause"]
    }


def clause(clause_id: str) -> Clause:
    try:
        return clauses()[clause_id]
    except KeyError:
        raise UnknownClause(clause_id) from None
