"""Money, 医保: what a stay costs whom, and why.

Start reading at `policy` (the parameters of a region), then `settlement` (one
person's bills), `budget` (one consortium's year).
"""
