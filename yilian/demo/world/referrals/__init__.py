"""Planned stories of referral: who, from where, to where, why, step by step.

Only plans: whoever loads the region carries them out through the services of
`care/referral`. Start reading at `model.py`; `cases.py` holds the illnesses,
`paths.py` the ways a referral can go, `build.py` joins them to people.
"""
