"""Pure rules: facts in, amounts with their ground out. No Django."""
