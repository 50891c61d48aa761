"""What is written about a person. `grants.py` first: the grounds of sight."""

from yilian.registry.population.services.grants import (
    end_grants,
    give_grant,
    limit_grants,
)

__all__ = ["end_grants", "give_grant", "limit_grants"]
