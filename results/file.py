"""FileResult: a file that the task makes itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from os.path import isfile
from pathlib import Path
from typing import Any, Self

from nemflow.errors import ResultError, UnreadableTarget
from nemflow.results.atomic import atomic_path
from nemflow.results.base import Location, UnsupportedOperation
from nemflow.results.local import LocalResult


class FileResult(LocalResult):
    """A file below *dir* that the task makes itself, such as a download; its value is a Path.

    The task is called with the path of a temporary file under the keyword *argument*, and fills it;
    `writing` moves the file into place. *check* raises if the file it is given is not whole or not
    of the right kind; it is asked before a file gets its name and each time one is read.
    """

    __slots__ = ("_held", "argument", "check")

    def __init__(
        self,
        dir: str | os.PathLike[str] | None = None,  # noqa: A002  # the name that LocalResult uses
        location: Location | None = None,
        argument: str = "path",
        check: Callable[[Path], None] | None = None,
    ) -> None:
        super().__init__(dir, location)
        self.argument = argument
        self.check = check

    _held: Any

    @property
    def value(self) -> Any:
        """The path of the file; made of its text when somebody first asks: few do."""
        held = self._held
        if held is self.location and type(held) is str:
            held = self._held = Path(held)
        return held

    @value.setter
    def value(self, value: Any) -> None:
        self._held = value

    @contextlib.contextmanager
    def writing(self, location: str, /) -> Iterator[Path]:
        """Yield the temporary path for the task to fill; move the file into place at the end.

        If the block raises, nothing lies at *location* that did not lie there before.

        Raises:
            ResultError: the task made no file, or one that does not pass its check.
        """
        final = self._path(location)
        # what a power cut undoes is made again
        with atomic_path(final, flush_folder=False) as temporary:
            yield temporary
            if self.check is not None and temporary.is_file():
                self._check_content(temporary, final, self.check)

    def read(self, location: str, /) -> Self:
        """Return a new result whose value is the path of the file at *location*, checked."""
        path = self._path(location)
        try:
            if not isfile(path):
                raise UnreadableTarget(f"{path} is not a file; move it away to have it made again.")
            if self.check is not None:
                self.check(Path(path))
        except (MemoryError, UnreadableTarget):
            raise
        except Exception as error:  # a check of the user's own may raise anything
            raise self._unreadable(path, error) from error
        return self._with(path, path, path)

    def _with(self, location: Location | None, value: Any, final: str | None) -> Self:
        new = object.__new__(type(self))
        new.location = location
        new._held = value
        new._final = final
        new._serializer = self._serializer
        new._root = self._root
        new.argument = self.argument
        new.check = self.check
        if self._more_slots or self._has_dict:
            self._hand_on(new)
        return new

    def for_travel(self) -> Self:
        """Return the result itself: its value is a path, and to read it is to check the file."""
        return self

    def write(self, value_: Any, /, **fmt: Any) -> Self:
        """Refuse: the task writes the file, inside `writing`.

        Raises:
            UnsupportedOperation: always.
        """
        raise UnsupportedOperation(
            "FileResult cannot write a value: let the task take the path of the file to make "
            f"as its argument {self.argument!r}."
        )

    @staticmethod
    def _check_content(temporary: Path, final: str, check: Callable[[Path], None]) -> None:
        try:
            check(temporary)
        except Exception as error:  # a check of the user's own may raise anything
            raise ResultError(
                f"{final} was not kept: the file made for it does not pass its check ({error})."
            ) from error

    def _public_fields(self) -> tuple[Any, ...]:
        return (*super()._public_fields(), self.argument, self.check)
