"""States, signatures and messages of transactions; two books compared."""
