"""Executor: where task runs happen.

The flow runner hands over calls, each under a token, and asks which have ended. That is all: an
executor drives no flow and decides no state. One contract test holds for all executors.

Among the arguments of a call may be a ``Listener``. It hears of the call, wherever that runs.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

from nemflow.errors import NemflowError


class CallLost(NemflowError):
    """A call could not be run, or what it came to could not be brought back; says why."""


class CallNotSent(CallLost):
    """A call could not be sent to where it was to run: something in it cannot be pickled."""


class Done(NamedTuple):
    """A call that has ended: with an outcome, or with an error.

    The error is a ``CallLost`` where the executor could not have the call run to its end; any other
    is what the call itself raised.
    """

    token: Any
    outcome: Any
    error: BaseException | None


class Executor(ABC):
    """Runs calls and tells which have ended.

    Attributes:
        shares_memory: whether calls run in this process, with the very objects they are given.
        room: how many calls to hand over before one has ended. What waits beyond that waits better
            with who knows in which order to take it.
    """

    shares_memory: ClassVar[bool] = True
    room: int = sys.maxsize

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
