"""The price flows."""
