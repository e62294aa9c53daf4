"""DiskCache: cached states that outlive the process, as bytes under keys.

Each key has one file, replaced as a whole, and one lock. The file is::

    nemflow-cache-1\\n   which form this is
    CRC-32 of the rest, 4 bytes; then for each entry its length, 8 bytes, and itself

so that a cut or damaged file is known as such. What the entries mean is the caller's matter.
"""

from __future__ import annotations

import contextlib
import logging
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence

from nemflow.errors import ResultError
from nemflow.results.atomic import atomic_path, sweep_leftovers
from nemflow.results.local import LocalResult
from nemflow.results.location import file_name
from nemflow.results.locks import TargetLock

log = logging.getLogger(__name__)

_FORM = b"nemflow-cache-1\n"
_CHECKSUM = struct.Struct(">I")
_LENGTH = struct.Struct(">Q")


class DiskCache:
    """Lists of bytes under keys of any text, in *folder*, shared by threads and processes.

    *lock_dir* must lie on a local disk; by default it is ``locks`` in the folder. The folders are
    made when something is first written. A file that cannot be read counts as empty: it is set
    aside with a warning.
    """

    __slots__ = ("_lock_dir", "folder")

    def __init__(
        self, folder: str | os.PathLike[str], lock_dir: str | os.PathLike[str] | None = None
    ) -> None:
        self.folder = os.path.realpath(os.path.expanduser(folder))
        self._lock_dir = os.path.join(self.folder, "locks") if lock_dir is None else lock_dir

    def load(self, key: str) -> list[bytes]:
        """Return the entries of *key*; none where nothing was kept.

        Raises:
            ResultError: what lies there can neither be read nor set aside.
        """
        path = self._path(key)
        try:
            return _read(path)
        except (OSError, ValueError):
            with self._locked(path):
                return _read_or_set_aside(path)

    def replace(self, key: str, entries: Sequence[bytes]) -> None:
        """Keep *entries* as all that *key* has; with none, remove its file.

        Raises:
            ResultError: the folder cannot be written to.
        """
        path = self._path(key)
        with self._locked(path):
            _write(path, entries)

    def update(self, key: str, change: Callable[[list[bytes]], Sequence[bytes]]) -> None:
        """Keep what *change* makes of the entries of *key*; no other writer comes in between.

        *change* must not ask this cache for the same key.

        Raises:
            ResultError: the folder cannot be written to.
        """
        path = self._path(key)
        with self._locked(path):
            _write(path, change(_read_or_set_aside(path)))

    def _path(self, key: str) -> str:
        return os.path.join(self.folder, f"{file_name(key)}.cache")

    @contextlib.contextmanager
    def _locked(self, path: str) -> Iterator[None]:
        lock = TargetLock(self._lock_dir, path)
        died = lock.needs_sweep()
        with lock:
            if died:
                sweep_leftovers(path)
            yield


def _read(path: str) -> list[bytes]:
    try:
        with open(path, "rb") as file:
            return _unpack(file.read())
    except FileNotFoundError:
        return []


def _read_or_set_aside(path: str) -> list[bytes]:
    """Read as who holds the lock: what is unreadable now stays so, and is moved away."""
    try:
        return _read(path)
    except (OSError, ValueError) as error:
        folder, name = os.path.split(path)
        aside = LocalResult(folder).set_aside(name)
        log.warning("%s cannot be read (%s); it was set aside as %s", path, error, aside)
        return []


def _write(path: str, entries: Sequence[bytes]) -> None:
    try:
        if not entries:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            return
        with atomic_path(path) as temporary:
            temporary.write_bytes(_pack(entries))
    except OSError as error:
        raise ResultError(
            f"{path} cannot be written ({error.strerror or error}); "
            "choose a folder for the cache that can be written to."
        ) from error


def _pack(entries: Sequence[bytes]) -> bytes:
    body = b"".join(part for entry in entries for part in (_LENGTH.pack(len(entry)), entry))
    return _FORM + _CHECKSUM.pack(zlib.crc32(body)) + body


def _unpack(data: bytes) -> list[bytes]:
    """Return the entries that `_pack` was given; ValueError where it did not make *data*."""
    start = len(_FORM) + _CHECKSUM.size
    body = data[start:]
    if data[:start] != _FORM + _CHECKSUM.pack(zlib.crc32(body)):
        raise ValueError("it is not whole, or not of this version")
    entries, at = [], 0
    while at < len(body):
        (length,) = _LENGTH.unpack_from(body, at)
        at += _LENGTH.size + length
        entries.append(body[at - length : at])
    return entries
