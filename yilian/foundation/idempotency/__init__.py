"""A create that is sent twice is done once, 幂等键."""
