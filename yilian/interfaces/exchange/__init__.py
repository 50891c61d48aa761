"""Doors to systems outside: one folder each, 对外交换."""
