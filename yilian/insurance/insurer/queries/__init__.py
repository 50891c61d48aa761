"""Transactions and compared days as the clerk sees them; orders as they are sent."""
