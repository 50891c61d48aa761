"""A demo region, all of it invented but its places, built through services."""
