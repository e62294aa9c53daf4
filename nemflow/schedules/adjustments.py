"""``prefect.schedules.adjustments``."""

from nemflow.flows.schedules.adjustments import add, next_weekday

__all__ = [
    "add",
    "next_weekday",
]
