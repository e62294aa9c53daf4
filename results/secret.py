"""SecretResult: a value that is kept nowhere and asked for again at each reading.

The process that has asked keeps the answer in memory. A pickle, to another process or to a file, holds
the question alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from nemflow.errors import ResultError
from nemflow.results.base import NO_VALUE, NOT_READ, Result


class SecretWritten(ResultError, ValueError):
    """A secret was written to."""


class SecretResult(Result):
    """What *ask* returns, such as a secret task's ``run``; it is never written.

    *location* is only a name for it, as a secret's.
    """

    __slots__ = ("ask",)

    def __init__(self, ask: Callable[[], Any], location: str | None = None) -> None:
        super().__init__(location=location)
        self.ask = ask

    def exists(self, location: str, /, **fmt: Any) -> bool:
        """Return True: a secret can always be asked for."""
        return True

    def read(self, location: str, /) -> Self:
        """Return a new result with the secret as it is now; what *ask* raises goes through."""
        new = self.copy()
        new.value = self.ask()
        return new

    def holding(self, value: Any) -> Self:
        """Return a copy with the value."""
        new = self.copy()
        new.value = value
        return new

    def for_travel(self) -> Self:
        """Return a copy without the value, which is asked for where it is needed."""
        return self if self.value is NO_VALUE else self.holding(NOT_READ)

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        travelling = self.for_travel()
        return None, {
            name: getattr(travelling, name) for name in (*Result.__slots__, *self._added_slots)
        }

    def write(self, value_: Any, /, **fmt: Any) -> Self:
        """Refuse.

        Raises:
            SecretWritten: always.
        """
        raise SecretWritten(
            "A secret cannot be written: give the task that makes this value a result that keeps "
            "values, such as LocalResult."
        )

    def _public_fields(self) -> tuple[Any, ...]:
        return (*super()._public_fields(), self.ask)
