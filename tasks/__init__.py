"""The unit of work."""
