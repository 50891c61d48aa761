"""Rows taken away as a spreadsheet in official form. Start reading at `writing.py`."""
