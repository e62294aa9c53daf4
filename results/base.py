"""What a result is: a value, the place where it is kept, and how it gets there.

A *location* is a name below the root of its storage: for files a path below a folder, for memory
a key. It starts as a template such as ``"raw/{date:%Y-%m-%d}.parquet"`` (or a function of the same
keys), and becomes final through `Result.format` or `Result.write`. No method changes the result it
is called on: `read`, `write`, `format`, `from_value` and `copy` give a new one.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self

from nemflow.errors import ResultError
from nemflow.results.location import fill_map
from nemflow.results.serializers import PickleSerializer, Serializer

Location = str | Callable[..., str]


class NoValue(enum.Enum):
    """The type of `NO_VALUE` and `NOT_READ`."""

    NO_VALUE = "never produced"
    NOT_READ = "left where it is kept"

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        return False


NO_VALUE: Final = NoValue.NO_VALUE
"""Says that a value was never produced; None is a value like any other. The same after pickling."""

NOT_READ: Final = NoValue.NOT_READ
"""Says that a value lies at its result's location and is to be read from there."""


class UnsupportedOperation(ResultError, NotImplementedError):
    """This kind of result cannot do what was asked of it."""


_PICKLE = PickleSerializer()


def _format_all(result: Any, keys: Mapping[str, Any], /) -> Any:
    return result.format(**keys)


class Result:
    """A value and where it is kept; this base class keeps it nowhere.

    *location* is a template, a function of the template's keys, or None for a name made up at the
    time of writing. *serializer* turns the value into bytes and back, by default with pickle.
    """

    # The engine makes one for every task state: slots, and nothing built before it is needed.
    __slots__ = ("_final", "_serializer", "location", "value")

    _added_slots: ClassVar[tuple[str, ...]] = ()
    _more_slots: ClassVar[tuple[str, ...]] = ()  # those that the class's `_with` does not name
    _has_dict: ClassVar[bool] = False  # of a subclass without slots

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "format" in cls.__dict__ and "format_map" not in cls.__dict__:
            cls.format_map = _format_all  # type: ignore[method-assign]  # it need know of format only
        slots = cls.__dict__.get("__slots__", ())
        added = (slots,) if isinstance(slots, str) else tuple(slots)
        cls._added_slots += added
        cls._more_slots = () if "_with" in cls.__dict__ else cls._more_slots + added
        cls._has_dict = cls.__dictoffset__ != 0

    keeps: ClassVar[bool] = False
    """Whether `write` puts the value where `read` finds it again."""

    value: Any
    location: Location | None

    def __init__(
        self,
        value: Any = NO_VALUE,
        location: Location | None = None,
        serializer: Serializer | None = None,
    ) -> None:
        self.value = value
        self.location = location
        self._serializer = serializer
        self._final: str | None = None  # the location, once it is final

    @property
    def serializer(self) -> Serializer:
        """What turns the value into bytes and back."""
        return _PICKLE if self._serializer is None else self._serializer

    def exists(self, location: str, /, **fmt: Any) -> bool:
        """Tell whether a value is kept at *location*; *fmt*, where given, fills it first."""
        raise self._unsupported("exists")

    def read(self, location: str, /) -> Self:
        """Return a new result with the value kept at the final *location*.

        Raises:
            UnreadableTarget: the value is not there or cannot be read back.
        """
        raise self._unsupported("read")

    def find(self, location: str, /) -> Self | None:
        """Return a new result with the value kept at the final *location*; None if there is none.

        Raises:
            UnreadableTarget: something is there, but it cannot be read back.
        """
        return self.read(location) if self.exists(location) else None

    def write(self, value_: Any, /, **fmt: Any) -> Self:
        """Keep *value_*, and return a new result that has it and its final location.

        Raises:
            LocationError: the location has a key that is not in *fmt*, or leaves its root.
            ResultError: the value cannot be kept.
        """
        raise self._unsupported("write")

    def format(self, /, **fmt: Any) -> Self:
        """Return a new result whose location is final: filled with *fmt*, or made up if None.

        Raises:
            LocationError: the location has a key that is not in *fmt*, or leaves its root.
        """
        return self._at(self._final_location(fmt), self.value)

    def format_map(self, keys: Mapping[str, Any], /) -> Self:
        """Return what `format` does, asking a mapping of *keys* only for those that it needs.

        Raises:
            LocationError: as `format` does.
        """
        location = self._final_location(keys)
        return self._with(location, self.value, location)

    def from_value(self, value: Any) -> Self:
        """Return a copy with *value* and no location."""
        new = self.copy()
        new.value = value
        new.location = None
        return new

    def holding(self, value: Any) -> Result:
        """Return the result of a task that declares this one and whose value is not written."""
        return Result(value)

    def for_travel(self) -> Self:
        """Return what goes to another process in this result's place.

        Where that process can read the value at its final location, a copy with `NOT_READ` instead
        of the value; else the result itself, value and all.
        """
        return self

    def _left_in_place(self) -> Self:
        if self._final is None or self._final != self.location or self.value is NO_VALUE:
            return self
        return self._at(self._final, NOT_READ)

    def copy(self) -> Self:
        """Return a copy; the value itself is shared."""
        return self._with(self.location, self.value, self._final)

    def _with(self, location: Location | None, value: Any, final: str | None) -> Self:
        """Return a copy with these fields: the engine makes two for each target that it looks at."""
        new = object.__new__(type(self))
        new.location = location
        new.value = value
        new._final = final
        new._serializer = self._serializer
        self._hand_on(new)
        return new

    def _hand_on(self, new: Self) -> None:
        """Give a copy what classes have of their own that its `_with` knows nothing of."""
        for name in self._more_slots:
            setattr(new, name, getattr(self, name))
        if self._has_dict:
            new.__dict__.update(self.__dict__)

    def lock_name(self, location: str, real_folders: Mapping[str, str] | None = None) -> str | None:
        """Return the absolute path or URL that the target is locked by; None: needs no lock.

        *real_folders* says where folders really lie; without it that is looked up anew.
        """
        return None

    def set_aside(self, location: str) -> str:
        """Move an unreadable target away, never over anything else, and return its new name."""
        raise self._unsupported("set_aside")

    def sweep(self, location: str) -> list[str]:
        """Remove what killed writers of this target left behind, and return what was removed.

        The caller holds the target's lock.
        """
        return []

    def _final_location(self, keys: Mapping[str, Any]) -> str:
        """Return this result's location filled with *keys*.

        A location that is final already is not filled again: its values may hold braces.
        """
        if self.location is None:
            return f"{datetime.now(UTC):%Y/%m/%d}/{os.urandom(16).hex()}.result"
        if self._final is not None and self.location == self._final:
            return self._final
        return fill_map(self.location, keys)

    def _at(self, location: str, value: Any) -> Self:
        """Return a copy with *value* and the final *location*."""
        return self._with(location, value, location)

    def _unsupported(self, operation: str) -> UnsupportedOperation:
        kind = type(self).__name__
        return UnsupportedOperation(
            f"{kind} cannot {operation}: "
            "give the task a result that keeps values, such as LocalResult."
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result) or type(self) is not type(other):
            return NotImplemented
        return self._public_fields() == other._public_fields()

    def _public_fields(self) -> tuple[Any, ...]:
        # A tuple compares its items by identity first, which keeps an array equal to itself.
        added = getattr(self, "__dict__", {})  # what a subclass without slots has of its own
        public = {name: field for name, field in added.items() if not name.startswith("_")}
        return (self.value, self.location, self.serializer, public)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.location!r}>"
