"""Who owes whom inside a consortium, and how it is settled, 医联体内部资金结算.

Start reading at `rules/ledger.py` (the accounts and what an event does to them),
then `rules/statement.py` (the life of a monthly statement) and
`services/posting.py` (the one call by which every other module posts).
"""
