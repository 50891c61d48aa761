"""One function per kind of condition: three-valued, with its evidence.

Start at `tree.py`, which walks a rule's tree and asks the others.
"""
