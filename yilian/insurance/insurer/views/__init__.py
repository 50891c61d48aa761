"""Pages of the interface: transactions, compared days."""
