"""Stored files, 附件存储: what people upload, checked, encrypted and kept for good.

Start at `services.py` (`store`), then `sealing.py` (how a file lies on the disk).
Who may open a file is the question of the module whose row points at it.
"""
