"""SecretResult: a value that is kept nowhere and asked for again at each reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from nemflow.errors import ResultError
from nemflow.results.base import Result


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
