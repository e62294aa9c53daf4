"""``prefect.executors``; ``LocalDaskExecutor`` becomes threads or processes of this machine."""

from typing import Any

from nemflow.errors import DefinitionError
from nemflow.flows.executors.base import Executor
from nemflow.flows.executors.dask import DaskExecutor
from nemflow.flows.executors.local import LocalExecutor
from nemflow.flows.executors.processes import ProcessExecutor
from nemflow.flows.executors.threads import ThreadExecutor


def LocalDaskExecutor(  # noqa: N802  # Prefect's name, which was a class
    scheduler: str = "threads", num_workers: int | None = None, **_: Any
) -> Executor:
    """Return the executor that does what Prefect's LocalDaskExecutor was used for.

    Raises:
        DefinitionError: the scheduler is none of threads, processes, synchronous.
    """
    kinds: dict[str, type[Any]] = {
        "threads": ThreadExecutor,
        "processes": ProcessExecutor,
        "multiprocessing": ProcessExecutor,
        "synchronous": LocalExecutor,
        "single-threaded": LocalExecutor,
    }
    kind = kinds.get(scheduler.lower())
    if kind is None:
        raise DefinitionError(f"no scheduler {scheduler!r}; there are: {', '.join(sorted(kinds))}")
    made: Executor = kind() if num_workers is None or kind is LocalExecutor else kind(num_workers)
    return made


__all__ = [
    "DaskExecutor",
    "LocalDaskExecutor",
    "LocalExecutor",
    "ProcessExecutor",
    "ThreadExecutor",
]
