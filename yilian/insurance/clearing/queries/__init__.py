"""Reads for pages, papers and files."""
