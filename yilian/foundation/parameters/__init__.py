"""Dated values by region, released by two people, 参数."""
