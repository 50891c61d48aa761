"""Slots and beds that institutions open, parts of them reserved, 号源与床位."""
