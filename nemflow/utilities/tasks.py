"""``prefect.utilities.tasks``."""

from nemflow.tasks.containers import as_task
from nemflow.tasks.context import tags
from nemflow.tasks.decorator import task

__all__ = [
    "as_task",
    "tags",
    "task",
]
