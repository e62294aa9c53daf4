"""Prefect Core's ``prefect.utilities``, as far as flows use it."""

from nemflow.utilities import configuration, debug, edges, logging, tasks

__all__ = [
    "configuration",
    "debug",
    "edges",
    "logging",
    "tasks",
]
