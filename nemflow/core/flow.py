"""``prefect.core.flow``."""

from nemflow.flows.base import Flow

__all__ = [
    "Flow",
]
