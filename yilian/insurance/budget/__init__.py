"""The global budget of a consortium, 总额付费. Start reading at `rules/year.py`."""
