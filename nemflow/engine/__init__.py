"""Prefect Core's ``prefect.engine``: states, signals, results and runners under their old names."""

from nemflow.engine import cache_validators, result, results, serializers, signals, state
from nemflow.flows.runner import FlowRunner
from nemflow.tasks.runner import TaskRunner

__all__ = [
    "FlowRunner",
    "TaskRunner",
    "cache_validators",
    "result",
    "results",
    "serializers",
    "signals",
    "state",
]
