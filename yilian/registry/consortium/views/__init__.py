"""Consortia, their members and agreements on the screen."""
