"""Yilian 医联: the platform on which a region's medical consortia run.

Start reading at `docs/plan.md`, then `kernel`, then `care/referral`.
"""

__version__ = "0.2.0"
