"""Reads of the referral module, by screen."""
