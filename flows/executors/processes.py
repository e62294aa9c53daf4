"""ProcessExecutor: calls in worker processes of this machine."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from nemflow.errors import DefinitionError
from nemflow.flows.executors.base import Done, Executor

if TYPE_CHECKING:
    from nemflow.flows.executors.process_pool import ProcessPool


class ProcessExecutor(Executor):
    """Runs calls in processes: for tasks that compute in Python.

    Workers are started when there is work for them. They are fresh interpreters that do not run the
    script again, so it needs no main guard; what it defines is sent to them. A worker that dies
    takes nothing with it but its own call, which is run again in another, up to three times.

    Args:
        num_workers: how many calls run at once; default one for each processor.

    Raises:
        DefinitionError: fewer than one worker.
    """

    shares_memory: ClassVar[bool] = False

    def __init__(self, num_workers: int | None = None) -> None:
        workers = num_workers if num_workers is not None else os.cpu_count() or 1
        if workers < 1:
            raise DefinitionError(f"a ProcessExecutor needs at least 1 worker, got {workers}")
        self.num_workers = workers
        self.room = 2 * workers  # who ends one call finds the next
        self._pool: ProcessPool | None = None

    @contextmanager
    def start(self) -> Iterator[None]:
        """Make ready; at the end calls that wait are dropped and running ones ended, within 2 s.

        Raises:
            DefinitionError: it is started already.
        """
        from nemflow.flows.executors.process_pool import ProcessPool  # imports cloudpickle

        if self._pool is not None:
            raise DefinitionError(
                "this ProcessExecutor runs a flow already; give each run one of its own"
            )
        self._pool = ProcessPool(self.num_workers)
        try:
            yield
        finally:
            self._pool.close()
            self._pool = None

    def submit(self, token: Any, call: Callable[..., Any], *arguments: Any) -> None:
        """Run the call in the next free worker; its context is nemflow's, not this thread's."""
        self._started().submit(token, call, arguments)

    def completed(self, timeout_s: float | None) -> list[Done]:
        """Wait for the first call to end, then take all that have."""
        return self._started().completed(timeout_s)

    def _started(self) -> "ProcessPool":
        if self._pool is None:
            raise DefinitionError("use a ProcessExecutor inside `with executor.start()`")
        return self._pool

    def __reduce__(self) -> tuple[object, ...]:
        return (ProcessExecutor, (self.num_workers,))

    def __repr__(self) -> str:
        return f"<Executor: ProcessExecutor(num_workers={self.num_workers})>"
