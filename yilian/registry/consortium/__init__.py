"""Consortia, their members and their agreements, 医联体 (as far as referral needs)."""
