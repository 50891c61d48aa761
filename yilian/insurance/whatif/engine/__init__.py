"""Settlement on arrays: one pass over everybody's first service, second, …"""
