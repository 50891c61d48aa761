"""Reads: `sums.py` is what everything else is counted from."""
