"""nemflow: a small task engine, and Australian electricity price flows built from it.

The names here are what user code needs; market code in this repository uses nothing else::

    from nemflow import Flow, Parameter, task

Importing nemflow does nothing and loads next to nothing: a name is looked up in its module when it is
first asked for. So each stands here twice, once for type checkers and once in the table of modules.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from nemflow.errors import NemflowError

if TYPE_CHECKING:
    import nemflow.client
    import nemflow.core
    import nemflow.engine
    import nemflow.executors
    import nemflow.run_configs
    import nemflow.schedules
    import nemflow.storage
    import nemflow.utilities  # noqa: F401  # Prefect's modules, found as nemflow.engine and so on
    from nemflow.cli.frames import read_prices
    from nemflow.flows.apply_map import apply_map
    from nemflow.flows.base import Flow
    from nemflow.flows.catalog import Catalog, Entry
    from nemflow.flows.configuration import config
    from nemflow.flows.etl import build_etl
    from nemflow.flows.executors.base import Executor
    from nemflow.flows.executors.dask import DaskExecutor
    from nemflow.flows.executors.local import LocalExecutor
    from nemflow.flows.executors.processes import ProcessExecutor
    from nemflow.flows.executors.threads import ThreadExecutor
    from nemflow.flows.history.writer import HistoryReporter
    from nemflow.flows.parameters import DateTimeParameter, Parameter
    from nemflow.flows.relay import Relay, Told, tell_again
    from nemflow.flows.reporter import Reporter, Silent
    from nemflow.flows.runner import FlowRunner
    from nemflow.flows.settings import RunSettings
    from nemflow.results import parquet
    from nemflow.results.atomic import (
        atomic_path,
        is_dead_leftover,
        sweep_leftovers,
        sync_folder,
    )
    from nemflow.results.base import Result
    from nemflow.results.constant import ConstantResult
    from nemflow.results.file import FileResult
    from nemflow.results.local import LocalResult
    from nemflow.results.locks import TargetLock
    from nemflow.results.memory import MemoryResult
    from nemflow.results.swap import CannotSwap, swap_folders
    from nemflow.tasks import caching, signals, states, triggers
    from nemflow.tasks.annotations import flatten, mapped, unmapped
    from nemflow.tasks.base import Task
    from nemflow.tasks.context import context, get_logger, raise_on_exception, report_progress, tags
    from nemflow.tasks.control_flow import FilterTask, case, ifelse, merge, switch
    from nemflow.tasks.decorator import defaults_from_attrs, task
    from nemflow.tasks.edges import Edge
    from nemflow.tasks.items import GetAttr, GetItem
    from nemflow.tasks.resources import resource_manager
    from nemflow.tasks.runner import TaskRunner
    from nemflow.tasks.secret import EnvVarSecret, Secret
    from nemflow.tasks.signals import pause_task

__version__ = "0.1.0"

__all__ = [
    "CannotSwap",
    "Catalog",
    "ConstantResult",
    "DaskExecutor",
    "DateTimeParameter",
    "Edge",
    "Entry",
    "EnvVarSecret",
    "Executor",
    "FileResult",
    "FilterTask",
    "Flow",
    "FlowRunner",
    "GetAttr",
    "GetItem",
    "HistoryReporter",
    "LocalExecutor",
    "LocalResult",
    "MemoryResult",
    "NemflowError",
    "Parameter",
    "ProcessExecutor",
    "Relay",
    "Reporter",
    "Result",
    "RunSettings",
    "Secret",
    "Silent",
    "TargetLock",
    "Task",
    "TaskRunner",
    "ThreadExecutor",
    "Told",
    "apply_map",
    "atomic_path",
    "build_etl",
    "caching",
    "case",
    "config",
    "context",
    "defaults_from_attrs",
    "flatten",
    "get_logger",
    "ifelse",
    "is_dead_leftover",
    "mapped",
    "merge",
    "parquet",
    "pause_task",
    "raise_on_exception",
    "read_prices",
    "report_progress",
    "resource_manager",
    "signals",
    "states",
    "swap_folders",
    "sweep_leftovers",
    "switch",
    "sync_folder",
    "tags",
    "task",
    "tell_again",
    "triggers",
    "unmapped",
]

_MODULES = MappingProxyType(
    {
        "caching": "nemflow.tasks.caching",
        "parquet": "nemflow.results.parquet",
        "signals": "nemflow.tasks.signals",
        "states": "nemflow.tasks.states",
        "triggers": "nemflow.tasks.triggers",
    }
)
_HOMES = MappingProxyType(
    {
        "CannotSwap": "nemflow.results.swap",
        "Catalog": "nemflow.flows.catalog",
        "ConstantResult": "nemflow.results.constant",
        "DaskExecutor": "nemflow.flows.executors.dask",
        "DateTimeParameter": "nemflow.flows.parameters",
        "Edge": "nemflow.tasks.edges",
        "Entry": "nemflow.flows.catalog",
        "EnvVarSecret": "nemflow.tasks.secret",
        "Executor": "nemflow.flows.executors.base",
        "FileResult": "nemflow.results.file",
        "FilterTask": "nemflow.tasks.control_flow",
        "Flow": "nemflow.flows.base",
        "FlowRunner": "nemflow.flows.runner",
        "GetAttr": "nemflow.tasks.items",
        "GetItem": "nemflow.tasks.items",
        "HistoryReporter": "nemflow.flows.history.writer",
        "LocalExecutor": "nemflow.flows.executors.local",
        "LocalResult": "nemflow.results.local",
        "MemoryResult": "nemflow.results.memory",
        "Parameter": "nemflow.flows.parameters",
        "ProcessExecutor": "nemflow.flows.executors.processes",
        "Relay": "nemflow.flows.relay",
        "Reporter": "nemflow.flows.reporter",
        "Result": "nemflow.results.base",
        "RunSettings": "nemflow.flows.settings",
        "Secret": "nemflow.tasks.secret",
        "Silent": "nemflow.flows.reporter",
        "TargetLock": "nemflow.results.locks",
        "Task": "nemflow.tasks.base",
        "TaskRunner": "nemflow.tasks.runner",
        "ThreadExecutor": "nemflow.flows.executors.threads",
        "Told": "nemflow.flows.relay",
        "apply_map": "nemflow.flows.apply_map",
        "atomic_path": "nemflow.results.atomic",
        "build_etl": "nemflow.flows.etl",
        "case": "nemflow.tasks.control_flow",
        "config": "nemflow.flows.configuration",
        "context": "nemflow.tasks.context",
        "defaults_from_attrs": "nemflow.tasks.decorator",
        "flatten": "nemflow.tasks.annotations",
        "get_logger": "nemflow.tasks.context",
        "ifelse": "nemflow.tasks.control_flow",
        "is_dead_leftover": "nemflow.results.atomic",
        "mapped": "nemflow.tasks.annotations",
        "merge": "nemflow.tasks.control_flow",
        "pause_task": "nemflow.tasks.signals",
        "raise_on_exception": "nemflow.tasks.context",
        "read_prices": "nemflow.cli.frames",
        "report_progress": "nemflow.tasks.context",
        "resource_manager": "nemflow.tasks.resources",
        "swap_folders": "nemflow.results.swap",
        "sweep_leftovers": "nemflow.results.atomic",
        "sync_folder": "nemflow.results.atomic",
        "switch": "nemflow.tasks.control_flow",
        "tags": "nemflow.tasks.context",
        "task": "nemflow.tasks.decorator",
        "tell_again": "nemflow.flows.relay",
        "unmapped": "nemflow.tasks.annotations",
    }
)

_PREFECTS = frozenset(
    {"client", "core", "engine", "executors", "run_configs", "schedules", "storage", "utilities"}
)

if not TYPE_CHECKING:  # to a type checker it would say that any name at all is here

    def __getattr__(name: str) -> object:
        if name in _MODULES:
            value: object = import_module(_MODULES[name])
        elif name in _PREFECTS:
            value = import_module(f"{__name__}.{name}")
        elif name in _HOMES:
            value = getattr(import_module(_HOMES[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value  # found without this function from now on
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
