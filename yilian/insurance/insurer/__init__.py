"""Settlements handed to the national insurer's system, 医保业务接口.

Start reading at `rules/states.py` (a transaction's life), then `services/sending.py`.
`http.py` speaks the protocol of docs/insurer.md; `simulator/` is the other side.
"""
