"""Every write of the referral module, by part of the journey."""
