"""Live updates: Server-Sent Events over LISTEN/NOTIFY, one small process."""
