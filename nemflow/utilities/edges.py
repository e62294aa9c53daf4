"""``prefect.utilities.edges``."""

from nemflow.tasks.annotations import flatten, mapped, unmapped

__all__ = [
    "flatten",
    "mapped",
    "unmapped",
]
