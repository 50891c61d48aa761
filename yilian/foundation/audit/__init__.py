"""Who did what, when, to whom, on what ground, 审计. Sealed against change."""
