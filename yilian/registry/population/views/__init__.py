"""The pages of the register: found, kept right, and read by the resident."""
