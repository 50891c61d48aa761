"""`yilian doctor`: what is well, what is not, and what to do about it.

Start reading at `examine.py`; each file beside it looks at one thing.
"""
