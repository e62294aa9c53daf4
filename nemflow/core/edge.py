"""``prefect.core.edge``."""

from nemflow.tasks.edges import Edge

__all__ = [
    "Edge",
]
