"""Parameters of the insurer: dated values with their ground, 医保政策参数.

Start reading at `sets/NX-DEMO-2018.toml`, then `rules/keys.py` (what may be set)
and `rules/sets.py` (what was in force on a day).
"""
