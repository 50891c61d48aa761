"""Scenarios as pages show them."""
