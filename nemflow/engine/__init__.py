"""Prefect Core's ``prefect.engine``: states, signals, results and runners under their old names."""

from nemflow.flows.runner import FlowRunner
from nemflow.tasks import signals
from nemflow.tasks.runner import TaskRunner

__all__ = [
    "FlowRunner",
    "TaskRunner",
    "signals",
]
