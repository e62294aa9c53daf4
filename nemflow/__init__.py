"""nemflow: a small task engine, and Australian electricity price flows built from it.

The names here are what user code needs; market code in this repository uses nothing else::

    from nemflow import Flow, Parameter, task

Importing nemflow does nothing and loads nothing heavy.
"""

from nemflow.errors import NemflowError
from nemflow.flows.base import Flow
from nemflow.flows.catalog import Catalog, Entry
from nemflow.flows.etl import build_etl
from nemflow.flows.executors.base import Executor
from nemflow.flows.executors.local import LocalExecutor
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.flows.parameters import Parameter
from nemflow.flows.runner import FlowRunner
from nemflow.flows.settings import RunSettings
from nemflow.results import parquet
from nemflow.results.atomic import atomic_path, sweep_leftovers
from nemflow.results.base import Result
from nemflow.results.constant import ConstantResult
from nemflow.results.file import FileResult
from nemflow.results.local import LocalResult
from nemflow.results.locks import TargetLock
from nemflow.results.memory import MemoryResult
from nemflow.tasks import signals, states, triggers
from nemflow.tasks.base import Task
from nemflow.tasks.context import context, get_logger, report_progress, tags
from nemflow.tasks.decorator import task
from nemflow.tasks.edges import Edge
from nemflow.tasks.runner import TaskRunner

__version__ = "0.1.0"

__all__ = [
    "Catalog",
    "ConstantResult",
    "Edge",
    "Entry",
    "Executor",
    "FileResult",
    "Flow",
    "FlowRunner",
    "LocalExecutor",
    "LocalResult",
    "MemoryResult",
    "NemflowError",
    "Parameter",
    "Result",
    "RunSettings",
    "TargetLock",
    "Task",
    "TaskRunner",
    "ThreadExecutor",
    "atomic_path",
    "build_etl",
    "context",
    "get_logger",
    "parquet",
    "report_progress",
    "signals",
    "states",
    "sweep_leftovers",
    "tags",
    "task",
    "triggers",
]
