"""Global budget of a consortium, 医保基金总额付费: pool, advances, clearing, shares.

Start reading at `rules/year.py` (how a year is counted), then `models.py`, then
`services/` (one function for each thing an office can do).
"""
