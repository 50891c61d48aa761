"""What the books, slips and statements are by rule. No Django."""
