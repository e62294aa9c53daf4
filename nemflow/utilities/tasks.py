"""``prefect.utilities.tasks``."""

from nemflow.flows.apply_map import apply_map
from nemflow.tasks.containers import as_task
from nemflow.tasks.context import tags
from nemflow.tasks.decorator import defaults_from_attrs, task
from nemflow.tasks.signals import pause_task

__all__ = [
    "apply_map",
    "as_task",
    "defaults_from_attrs",
    "pause_task",
    "tags",
    "task",
]
