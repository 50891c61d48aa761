"""From the plan of a region (`demo/world`) into the database, part by part.

`places.py`, `staff.py`, `people.py`, `history.py` load by COPY; `stage.py` plays the
stories of referral through the services, told by `stories.py`, `acts.py` and
`corridor.py`; `aside.py` holds what happens beside them.
"""
