"""Settlement that explains each fen, 医保结算.

Start reading at `rules/settle.py`; the order of calculation is that of RI-2.
"""
