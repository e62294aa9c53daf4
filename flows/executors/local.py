"""LocalExecutor: each call at once, in this thread."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nemflow.flows.executors.base import Done, Executor

_new = tuple.__new__  # a call of the class, made for every task run, takes twice as long


class LocalExecutor(Executor):
    """Runs each call when it is submitted; Ctrl-C reaches the task itself."""

    room = 1

    def __init__(self) -> None:
        self._done: list[Done] = []

    @contextmanager
    def start(self) -> Iterator[None]:
        """Forget what an interrupted run has left."""
        self._done = []
        yield

    def submit(self, token: Any, call: Callable[..., Any], *arguments: Any) -> None:
        """Run the call now."""
        self._done.append(_new(Done, (token, call(*arguments), None)))

    def completed(self, timeout_s: float | None) -> list[Done]:
        """Return the calls that were run since the last question; sleep if there is none."""
        if not self._done and timeout_s is not None:
            time.sleep(timeout_s)
        done, self._done = self._done, []
        return done
