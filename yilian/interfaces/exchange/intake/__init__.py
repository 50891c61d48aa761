"""What other systems send: feeds, the messages kept, and what a person must mend.

Start reading at `rules.py` (what a message is waiting for), then
`services/receiving.py` (one message from the wire to its answer).
"""
