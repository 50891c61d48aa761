"""Every write of the clearing: posting, slips, statements, periods."""
