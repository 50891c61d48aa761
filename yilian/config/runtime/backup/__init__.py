"""Backup and restoring of a region, 备份与恢复.

A backup is one encrypted file: a dump of the database in one snapshot, the data
folder's `files/`, and a manifest of counts and digests to compare with. Keys are
never in it; they have a file of their own (`escrow.py`). Start reading at `save.py`
and `bring_back.py`; `sealed.py` is the file format.
"""
