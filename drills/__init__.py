"""Drills: what a hospital's IT must be able to do, done on a real region."""
