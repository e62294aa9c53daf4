"""Prefect Core's ``prefect.core``."""

from nemflow.core import edge, flow, parameter, task
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge

__all__ = [
    "Edge",
    "Flow",
    "Parameter",
    "Task",
    "edge",
    "flow",
    "parameter",
    "task",
]
