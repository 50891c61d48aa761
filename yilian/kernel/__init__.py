"""Plain Python that every module may use: no Django, no database.

Start reading at `clause.py` (why a rule exists) and `errors.py` (how a refusal
is worded).
"""
