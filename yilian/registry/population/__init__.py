"""Residents, their identifiers, and who may see whom, 居民.

Start at `rules.py` (scopes and grounds of sight), then `grants.py` is not a
file: giving and ending grants are services like everything that writes.
"""
