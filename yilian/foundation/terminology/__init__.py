"""Codes with Chinese names, searched by code, text and initials, 术语."""
