"""Pages of the scenario workshop."""
