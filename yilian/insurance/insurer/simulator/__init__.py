"""The other side of docs/insurer.md: an insurer's system to try ours against.

Knows nothing of Django or of our database. `book.py` keeps its book, `serving.py`
speaks HTTP, `faults.py` does what networks and systems do on bad days.
"""
