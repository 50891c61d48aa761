"""What can be used up: slots, beds, encounters at a desk."""
