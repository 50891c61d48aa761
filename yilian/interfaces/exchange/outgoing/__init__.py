"""What we send to other systems: peers, and letters that are sent until they arrive.

Start reading at `rules.py` (which event makes which letter), then
`services/sending.py` (one letter to one peer).
"""
