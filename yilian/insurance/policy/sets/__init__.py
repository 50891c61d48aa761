"""Sets of parameters as files that people can read and compare."""
