"""Parameters in force and their releases; what an item costs.

`released`, `released_line` and `version` are what settlement and budget ask;
`prices` answers `price_of` and `prices_on`.
"""

from yilian.insurance.policy.queries.parameters import (
    released,
    released_line,
    released_version,
    version,
)
from yilian.insurance.policy.queries.prices import price_of, prices_on

__all__ = [
    "price_of",
    "prices_on",
    "released",
    "released_line",
    "released_version",
    "version",
]
