"""Staff with posts and rosters, the cast of the login page, and the residents.

Start reading at `model.py`, then `staff.py`, `cast.py`, `rosters.py`, and
`residents.py` (households, `health.py` for who has what).
"""
