"""Open pages hear at once that something changed: Server-Sent Events, 实时消息.

A small process beside the pages, on the port after theirs. Start at `app.py`;
`hub.py` says who hears what. It tells topics and never contents: a page that hears
of one asks for its own fragment, behind its own login.
"""
