"""Pages of settlement: lists, one settlement with its working, bills coming in."""
