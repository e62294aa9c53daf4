"""The market: AEMO sources, formats and rules."""
