"""Every write of parameters and prices."""
