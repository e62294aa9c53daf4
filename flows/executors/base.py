"""Executor: where task runs happen.

The flow runner hands over calls, each under a token, and asks which have ended. That is all: an
executor knows nothing of flows, states or retries. One contract test holds for all executors.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Done(NamedTuple):
    """A call that has ended: with an outcome, or with an error that is not the task's own."""

    token: Any
    outcome: Any
    error: BaseException | None


class Executor(ABC):
    """Runs calls and tells which have ended."""

    @contextmanager
    def start(self) -> Iterator[None]:
        """Make ready for calls; at the end of the block nothing of them is left behind."""
        yield

    @abstractmethod
    def submit(self, token: Any, call: Callable[..., Any], *arguments: Any) -> None:
        """Run a call, now or soon; its end comes out of ``completed`` under the token."""

    @abstractmethod
    def completed(self, timeout_s: float | None) -> list[Done]:
        """Wait for calls to end and return those that have; empty when the time is up.

        Args:
            timeout_s: how long to wait for the first; None for as long as it takes.
        """

    def __repr__(self) -> str:
        return f"<Executor: {type(self).__name__}>"
