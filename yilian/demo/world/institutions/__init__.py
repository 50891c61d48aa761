"""Every kind of institution of the policy, from commissions to village clinics.

Start reading at `model.py`, then `build.py`. The institutions do not depend on the
seed: the region's houses stand still while people and events change.
"""
