"""Pages under /insurance/clearing."""
