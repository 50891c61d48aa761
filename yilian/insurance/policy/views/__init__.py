"""Pages of parameters and of prices."""
