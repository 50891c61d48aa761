"""Domain rules of referral, each in its own room. No Django, no database."""
