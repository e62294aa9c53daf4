"""ThreadExecutor: calls in a pool of threads of this process."""

import contextvars
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from nemflow.errors import DefinitionError
from nemflow.flows.executors.base import Done, Executor


class ThreadExecutor(Executor):
    """Runs calls in threads: for tasks that wait for a network, or leave Python for their work.

    Args:
        num_workers: how many calls run at once.

    Raises:
        DefinitionError: fewer than one worker.
    """

    def __init__(self, num_workers: int = 4) -> None:
        if num_workers < 1:
            raise DefinitionError(f"a ThreadExecutor needs at least 1 worker, got {num_workers}")
        self.num_workers = num_workers
        self.room = 2 * num_workers  # who ends one call finds the next
        self._pool: ThreadPoolExecutor | None = None
        self._done: queue.SimpleQueue[Done] = queue.SimpleQueue()

    @contextmanager
    def start(self) -> Iterator[None]:
        """Start the threads; at the end calls that wait are dropped and running ones waited for.

        An interruption (Ctrl-C, SIGTERM) does not wait: a thread may hang in a download, and whoever
        was told to end must end.

        Raises:
            DefinitionError: it is started already.
        """
        if self._pool is not None:
            raise DefinitionError(
                "this ThreadExecutor runs a flow already; give each run one of its own"
            )
        self._done = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(self.num_workers, thread_name_prefix="nemflow")
        wait = True
        try:
            yield
        except BaseException as error:
            wait = isinstance(error, Exception)
            raise
        finally:
            self._pool.shutdown(wait=wait, cancel_futures=True)
            self._pool = None

    def submit(self, token: Any, call: Callable[..., Any], *arguments: Any) -> None:
        """Run the call in the next free thread, with a copy of this thread's context."""
        if self._pool is None:
            raise DefinitionError("submit to a ThreadExecutor inside `with executor.start()`")
        context = contextvars.copy_context()
        self._pool.submit(self._run, token, context, call, arguments)

    def _run(
        self,
        token: Any,
        context: contextvars.Context,
        call: Callable[..., Any],
        arguments: tuple[Any, ...],
    ) -> None:
        try:
            outcome = context.run(call, *arguments)
        except BaseException as error:  # handed to the flow runner, in whose thread it is raised
            self._done.put(Done(token, None, error))
        else:
            self._done.put(Done(token, outcome, None))

    def completed(self, timeout_s: float | None) -> list[Done]:
        """Wait for the first call to end, then take all that have."""
        try:
            done = [self._done.get(timeout=timeout_s)]
        except queue.Empty:
            return []
        while not self._done.empty():
            done.append(self._done.get())
        return done

    def __reduce__(self) -> tuple[object, ...]:
        return (ThreadExecutor, (self.num_workers,))

    def __repr__(self) -> str:
        return f"<Executor: ThreadExecutor(num_workers={self.num_workers})>"
