"""Consortia of all forms with their members and agreements, 医联体.

Start reading at `model.py`, then `bodies.py` and `members.py` (who joins what) and
`agreements.py` (what they have signed, forgotten to sign, or let expire).
"""
