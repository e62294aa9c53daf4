"""LocalResult: values in files, each there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from nemflow.errors import ResultError, UnreadableTarget
from nemflow.results.atomic import atomic_path, sweep_leftovers, write_whole
from nemflow.results.base import Location, Result
from nemflow.results.location import aside_names, fill, safe_location
from nemflow.results.serializers import Serializer

__all__ = ["LocalResult", "atomic_path"]


_SMALL = 64 * 1024


def _read_whole(path: str) -> bytes:
    """Return the content of a file; a small one by three calls of the system, a third of open's."""
    handle = os.open(path, os.O_RDONLY)
    try:
        start = os.read(handle, _SMALL)
        if len(start) < _SMALL:
            return start
        with open(handle, "rb", closefd=False) as rest:
            return start + rest.read()
    finally:
        os.close(handle)


def _make_empty(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL))


def _is_made(make: Callable[[str], None], path: str) -> bool:
    try:
        make(path)
    except FileExistsError:
        return False
    return True


def _why(error: OSError) -> str:
    return f"{error.strerror} ({error.filename})" if error.filename else str(error)


_known_folders: dict[str, tuple[int, int, str]] = {}


def real_folder(folder: str) -> str:
    """Return where a folder really lies, links followed.

    As long as the same folder is found there, that is not looked up again: it takes a look at each
    folder above it.
    """
    try:
        facts = os.stat(folder)
    except OSError:  # not there yet
        return os.path.realpath(folder)
    known = _known_folders.get(folder)
    if known is None or known[:2] != (facts.st_dev, facts.st_ino):
        known = _known_folders[folder] = facts.st_dev, facts.st_ino, os.path.realpath(folder)
    return known[2]


class RealFolders(dict[str, str]):
    """Where folders really lie, links followed; each is looked up once, when first asked for."""

    __slots__ = ()

    def __missing__(self, folder: str) -> str:
        real = self[folder] = real_folder(folder)
        return real

    def __reduce__(self) -> tuple[Any, ...]:
        return (RealFolders, ())  # another process looks up what it needs itself


class LocalResult(Result):
    """Values in files below the folder *dir*, by default ``results`` in the user's data folder.

    The location of what was written or read is the full path; every method takes that as well as
    the path below the folder. With *validate_dir* a *dir* that is there but is no folder is refused
    at once; it is made when something is first written.

    Raises:
        ResultError: *dir* is there but is no folder.
    """

    __slots__ = ("_root",)  # the folder, with the separator that paths below it begin with

    keeps: ClassVar[bool] = True

    def __init__(
        self,
        dir: str | os.PathLike[str] | None = None,  # noqa: A002  # the name that Prefect's users know
        location: Location | None = None,
        serializer: Serializer | None = None,
        validate_dir: bool = True,
    ) -> None:
        super().__init__(location=location, serializer=serializer)
        self._root = ""  # the default is looked up when first needed: that takes an import
        if dir is not None:
            folder = os.path.abspath(os.path.expanduser(dir))
            self._root = os.path.join(folder, "")
            if validate_dir and os.path.exists(folder) and not os.path.isdir(folder):
                raise ResultError(f"{folder} is not a folder; give a folder as dir.")

    @property
    def dir(self) -> str:
        """The absolute path of the folder."""
        return self._find_root().rstrip(os.sep) or os.sep

    def _find_root(self) -> str:
        if not self._root:
            import platformdirs  # third party, and not needed where a folder is given

            self._root = os.path.join(platformdirs.user_data_path("nemflow"), "results", "")
        return self._root

    def exists(self, location: str, /, **fmt: Any) -> bool:
        """Tell whether there is a file at *location*."""
        return os.path.exists(self._path(fill(location, **fmt) if fmt else location))

    def read(self, location: str, /) -> Self:
        """Return a new result with the value in the file at *location*."""
        path = self._path(location)
        try:
            value = self.serializer.deserialize(_read_whole(path))
        except MemoryError:
            raise  # says nothing about the file
        except Exception as error:  # a broken pickle may raise anything
            raise self._unreadable(path, error) from error
        return self._at(path, value)

    def find(self, location: str, /) -> Self | None:
        """Return a new result with the value in the file at *location*; None if there is no file.

        Most are there when a run looks: to read is then to have asked.
        """
        try:
            return self.read(location)
        except Exception:  # whatever the reading of a subclass makes of a file that is not there
            if not self.exists(location):
                return None
            raise

    def write(self, value_: Any, /, **fmt: Any) -> Self:
        """Write *value_* to its file, which has its name only when it is whole."""
        path = self._path(self._final_location(fmt))
        data = self.serializer.serialize(value_)
        try:
            write_whole(path, data)
        except OSError as error:
            raise ResultError(f"{path} cannot be written: {_why(error)}.") from error
        return self._at(path, value_)

    def for_travel(self) -> Self:
        """Return a result without its value: processes that work together share the folder."""
        return self._left_in_place()

    def _with(self, location: Location | None, value: Any, final: str | None) -> Self:
        new = object.__new__(type(self))
        new.location = location
        new.value = value
        new._final = final
        new._serializer = self._serializer
        new._root = self._root
        if self._more_slots or self._has_dict:
            self._hand_on(new)
        return new

    def lock_name(self, location: str, real_folders: Mapping[str, str] | None = None) -> str | None:
        """Return the full path of *location*, the same by whatever links the folder is reached."""
        path = self._path(location)
        folder = path[: path.rindex("/")] or "/"
        real = real_folder(folder) if real_folders is None else real_folders[folder]
        return path if real == folder else os.path.join(real, os.path.basename(path))

    def set_aside(self, location: str) -> str:
        """Move what lies at *location* to a name of its own in the same folder."""
        path = self._path(location)
        make = os.mkdir if os.path.isdir(path) and not os.path.islink(path) else _make_empty
        # The new name is made first, empty, so that the move cannot go over what another run made.
        aside = next(name for name in aside_names(path) if _is_made(make, name))
        try:
            os.replace(path, aside)
        except OSError as error:
            os.rmdir(aside) if make is os.mkdir else os.unlink(aside)
            raise ResultError(
                f"{path} cannot be read back, nor moved away: {_why(error)}."
            ) from error
        return aside

    def sweep(self, location: str) -> list[str]:
        """Remove what killed writers of *location* left beside it."""
        return sweep_leftovers(self._path(location))

    def _path(self, location: str) -> str:
        root = self._root or self._find_root()
        if location == self._final:
            return location if location.startswith(root) else root + location
        return root + safe_location(location.removeprefix(root))

    @staticmethod
    def _unreadable(path: str, error: Exception) -> UnreadableTarget:
        return UnreadableTarget(
            f"{path} cannot be read back ({type(error).__name__}: {error}); "
            "move it away or delete it to have it made again."
        )

    def _public_fields(self) -> tuple[Any, ...]:
        return (*super()._public_fields(), self.dir)
