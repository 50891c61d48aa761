"""The demonstration region as plain data: no Django, no database, only a seed.

Start reading at `places.py` (the real divisions), then `institutions`,
`consortia`, `people`, `history` and `referrals`, in this order: each is built from
those before it. `build.py` puts the whole region together.
"""
