"""Reading the record: by id and by search (`reading`), for people (`summaries`)."""

from yilian.record.queries.reading import history, read, resources_of, search
from yilian.record.queries.summaries import (
    Summary,
    facts_for_advice,
    summary,
    timeline,
)

__all__ = [
    "Summary",
    "facts_for_advice",
    "history",
    "read",
    "resources_of",
    "search",
    "summary",
    "timeline",
]
