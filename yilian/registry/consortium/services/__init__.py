"""Everything that is written about consortia and agreements."""

from yilian.registry.consortium.services.agreements import (
    draft_agreement,
    end_agreement,
    sign,
)
from yilian.registry.consortium.services.loading import load_many
from yilian.registry.consortium.services.members import (
    found_consortium,
    join,
    leave,
)

__all__ = [
    "draft_agreement",
    "end_agreement",
    "found_consortium",
    "join",
    "leave",
    "load_many",
    "sign",
]
