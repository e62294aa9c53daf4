"""The nemflow command."""
