"""What the system tells about itself while it runs: log lines and measures, 运行监测.

Counts, times and ids; never a name, a number of a person or anything typed. Start
reading at `logs.py` (one JSON object a line) and `measures.py` (Prometheus).
"""
