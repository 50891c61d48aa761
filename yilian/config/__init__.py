"""Settings, addresses and wiring: the only layer that knows every other."""
