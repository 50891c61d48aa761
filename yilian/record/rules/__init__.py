"""What is searched in a resource, and how its text is kept. No Django."""
