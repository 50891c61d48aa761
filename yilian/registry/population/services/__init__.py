"""What is written about a person. `grants.py` first: the grounds of sight."""

from yilian.registry.population.services.changes import (
    add_identifier,
    correct,
    record_death,
    tag,
    untag,
)
from yilian.registry.population.services.contracts import end_contract, note_contract
from yilian.registry.population.services.grants import (
    end_grants,
    give_grant,
    limit_grants,
)
from yilian.registry.population.services.loading import load_many
from yilian.registry.population.services.numbers import (
    Given,
    new_identifier,
    phone_columns,
)
from yilian.registry.population.services.openings import (
    break_glass,
    consent,
    review_break_glass,
    withdraw_consent,
)
from yilian.registry.population.services.proxies import appoint_proxy, end_proxy
from yilian.registry.population.services.registering import (
    Guardian,
    Likely,
    LikelyDuplicates,
    NumberKnown,
    NumberUnderAnotherName,
    guardian_by_number,
    register,
)
from yilian.registry.population.services.searching import (
    open_own,
    open_person,
    reveal,
    search_persons,
)

__all__ = [
    "Given",
    "Guardian",
    "Likely",
    "LikelyDuplicates",
    "NumberKnown",
    "NumberUnderAnotherName",
    "add_identifier",
    "appoint_proxy",
    "break_glass",
    "consent",
    "correct",
    "end_contract",
    "end_grants",
    "end_proxy",
    "give_grant",
    "guardian_by_number",
    "limit_grants",
    "load_many",
    "new_identifier",
    "note_contract",
    "open_own",
    "open_person",
    "phone_columns",
    "record_death",
    "register",
    "reveal",
    "review_break_glass",
    "search_persons",
    "tag",
    "untag",
    "withdraw_consent",
]
