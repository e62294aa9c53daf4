"""``prefect.core.task``."""

from nemflow.flows.parameters import Parameter
from nemflow.tasks.base import Task

__all__ = [
    "Parameter",
    "Task",
]
