"""What a file may be: its kind by its bytes, its parts whole, its size bounded."""
