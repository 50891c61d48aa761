"""Handing over, sending, asking again; comparing a day's books; showing."""
