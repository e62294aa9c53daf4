"""ConstantResult: a value that is always there."""

from __future__ import annotations

from typing import Any, Self

from nemflow.errors import ResultError
from nemflow.results.base import Result


class ConstantWritten(ResultError, ValueError):
    """A constant was written to."""


class ConstantResult(Result):
    """A value that is always there, whatever the location, and cannot be written."""

    __slots__ = ()

    def exists(self, location: str, /, **fmt: Any) -> bool:
        """Return True: a constant is always there."""
        return True

    def read(self, location: str, /) -> Self:
        """Return a copy of this result."""
        return self.copy()

    def write(self, value_: Any, /, **fmt: Any) -> Self:
        """Refuse.

        Raises:
            ConstantWritten: always.
        """
        raise ConstantWritten(
            "A constant cannot be written: give the task a result that keeps values, "
            "such as LocalResult."
        )
