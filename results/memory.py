"""MemoryResult: values in a dict, for tests and small flows."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from nemflow.errors import UnreadableTarget
from nemflow.results.base import Location, Result
from nemflow.results.location import aside_names, fill, safe_location


class MemoryResult(Result):
    """Values in a dict by location, as they are; copies of a result share the dict.

    The dict does not reach another process: a worker process writes into its own copy.
    """

    __slots__ = ("store",)

    keeps: ClassVar[bool] = True

    store: dict[str, Any]

    def __init__(
        self, location: Location | None = None, store: dict[str, Any] | None = None
    ) -> None:
        super().__init__(location=location)
        self.store = {} if store is None else store

    def exists(self, location: str, /, **fmt: Any) -> bool:
        """Tell whether a value lies at *location*."""
        return (fill(location, **fmt) if fmt else safe_location(location)) in self.store

    def read(self, location: str, /) -> Self:
        """Return a new result with the value at *location*."""
        location = safe_location(location)
        if location not in self.store:
            raise UnreadableTarget(
                f"There is no value at {location!r} in memory; run its task first."
            )
        return self._at(location, self.store[location])

    def write(self, value_: Any, /, **fmt: Any) -> Self:
        """Put *value_* into the dict."""
        location = self._final_location(fmt)
        self.store[location] = value_
        return self._at(location, value_)

    def set_aside(self, location: str) -> str:
        """Give the value at *location* another name."""
        location = safe_location(location)
        aside = next(name for name in aside_names(location) if name not in self.store)
        self.store[aside] = self.store.pop(location)
        return aside

    def _public_fields(self) -> tuple[Any, ...]:
        return (*super()._public_fields(), self.store)
