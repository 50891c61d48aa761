"""Everything of which there may be only one: what fights over it, and who may win."""
