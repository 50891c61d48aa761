"""The whole region at once: batch settlement and what-if, 政策试算.

`engine` gives exactly what `settlement/rules` gives, on arrays. It needs NumPy, so
only the command line and the worker import it (decisions 31). Start reading at
`engine/settle.py`, then `scenario.py` (what is changed) and `compare.py` (what
comes of it).
"""
