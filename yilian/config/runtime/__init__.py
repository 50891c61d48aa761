"""How Yilian starts and runs: its data folder, its database, its processes.

Nothing here imports Django, so that every refusal to start can be said in words
before there are settings. Start reading at `supervisor.py`.
"""
