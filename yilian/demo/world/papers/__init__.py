"""Papers that go with a few referrals of the demo, drawn by code: an electrocardiogram
as a picture, reports and summaries as PDF. Invented, and marked 演示 all over.

Pure: bytes from words and chance. Start reading at `ecg.py` and `sheet.py`.
"""
