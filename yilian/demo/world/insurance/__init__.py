"""Invented money: what the region's care costs and who pays it."""
