"""Files that are there whole or not at all.

A file is written under a temporary name in the folder where it is to lie, flushed to the disk, and
moved into place, which the file system does in one step; then the folder is flushed, unless the
caller can make the file again. A writer that
fails removes its temporary file. One that is killed cannot: its file is left over, and is known by
its name, ``.{name}.{host}-{pid}-{random}.part``, until a later run sweeps it.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from nemflow.errors import ResultError

_FOREIGN_LEFTOVER_S = 24 * 3600.0
_LEFTOVER = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-([0-9a-f]+)\.part", re.DOTALL)
_CANNOT_FLUSH = {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES}
# Tells this process from an earlier one that had the same number; its children have other numbers.
_PROCESS_TAG = os.urandom(4).hex()


@contextlib.contextmanager
def atomic_path(
    final: str | os.PathLike[str], *, overwrite: bool = True, flush_folder: bool = True
) -> Iterator[Path]:
    """Yield the path of a temporary file to fill; move it to *final* if the block ends well.

    The folder is made where it is missing. If the block raises anything, KeyboardInterrupt too, the
    temporary file is removed and *final* stays as it was. Without *flush_folder* a power cut within
    the next seconds may undo the move: then *final* is as it was before, never half a file.

    Raises:
        ResultError: the block made no file.
        FileExistsError: *final* is there and *overwrite* is False.
        OSError: the file cannot be flushed or moved.
    """
    folder, name = os.path.split(os.path.abspath(final))
    if not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, _temporary_name(name))
    try:
        yield Path(temporary)
        _check_made(temporary, os.path.join(folder, name))
        _flush(temporary)
        _move(temporary, os.path.join(folder, name), overwrite=overwrite)
    except BaseException:
        _remove(temporary)
        raise
    if flush_folder:
        sync_folder(folder)


def write_whole(final: str, data: bytes) -> None:
    """Write a file that has its name only when it is whole; its folder is made where it is missing.

    The folder is not flushed: a power cut within the next seconds may undo the move. A value that it
    takes with it is made again, and a second flush for each would be too much.

    Raises:
        OSError: the file cannot be written, flushed or moved.
    """
    folder, name = os.path.split(final)
    temporary = os.path.join(folder, _temporary_name(name))
    try:
        handle = _open_new(temporary)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, final)
    except BaseException:
        _remove(temporary)
        raise


def _open_new(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        return os.open(path, flags, 0o666)
    except (FileNotFoundError, NotADirectoryError):
        os.makedirs(os.path.dirname(path), exist_ok=True)  # which says better what is in the way
        return os.open(path, flags, 0o666)


def sweep_leftovers(final: str, *, now: Callable[[], float] = time.time) -> list[str]:
    """Remove what killed writers of *final* left beside it, and return the removed paths.

    The caller holds the lock of *final*. So whatever a process of this host left for it is dead,
    even where its number is in use again: had it been alive, it would hold the lock. This process
    alone is left out, known by number and tag, lest it sweep the file it is just writing. The lock
    says nothing about other hosts that write to the same disk: theirs must be a day old.
    """
    folder, name = os.path.split(final)
    pattern = re.compile(rf"\.{re.escape(name)}\.([0-9a-f]{{8}})-(\d+)-([0-9a-f]+)\.part")
    removed = []
    for found in _names(folder):
        if (match := pattern.fullmatch(found)) is None:
            continue
        path = os.path.join(folder, found)
        if _is_dead(path, *match.groups(), now=now()) and _remove(path):
            removed.append(path)
    return sorted(removed)


def is_dead_leftover(path: str, *, now: Callable[[], float] = time.time) -> bool:
    """Tell whether a file is what a dead writer has left, without the lock of what it was to become.

    A writer of this host counts as alive as long as a process has its number, though it may be
    another by now; one of another host until what it left is a day old.
    """
    match = _LEFTOVER.fullmatch(os.path.basename(path))
    if match is None:
        return False
    if match[1] == _host_tag() and _is_running(int(match[2])):
        return False
    return _is_dead(path, *match.groups(), now=now())


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it is another user's, or no number of a process
        return True
    return True


def _temporary_name(name: str) -> str:
    return f".{name}.{_host_tag()}-{os.getpid()}-{_PROCESS_TAG}{os.urandom(4).hex()}.part"


@functools.cache
def _host_tag() -> str:
    """Return eight characters that tell this machine from others that write to the same disk."""
    identity = os.uname().nodename
    # Two machines may bear one name ("localhost"); where there is a number of the machine, add it.
    with contextlib.suppress(OSError), open("/etc/machine-id", encoding="ascii") as file:
        identity += file.read()
    return f"{zlib.crc32(identity.encode()):08x}"


def _is_dead(path: str, host: str, pid: str, random: str, *, now: float) -> bool:
    if host == _host_tag():
        return int(pid) != os.getpid() or not random.startswith(_PROCESS_TAG)
    try:
        return now - os.stat(path).st_mtime > _FOREIGN_LEFTOVER_S
    except FileNotFoundError:
        return False  # its writer has just finished


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _check_made(temporary: str, final: str) -> None:
    if not os.path.isfile(temporary):
        what = "a folder" if os.path.isdir(temporary) else "nothing"
        raise ResultError(
            f"{final} was not made: {what} was written to the temporary path given for it, "
            f"{temporary}; write one file to exactly that path."
        )


def _move(temporary: str, final: str, *, overwrite: bool) -> None:
    if overwrite:
        os.replace(temporary, final)
        return
    # A move would go over what another process has put there; a second name is refused.
    os.link(temporary, final)
    os.unlink(temporary)


def _flush(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Flush a folder to the disk: the names in it outlast a power cut then.

    Raises:
        OSError: it cannot be flushed; on network drives that know no such thing nothing is done.
    """
    try:
        _flush(os.fspath(folder))
    except OSError as error:
        # Some network file systems cannot flush a folder; the file itself is flushed and in place.
        if error.errno not in _CANNOT_FLUSH:
            raise


def _remove(path: str) -> bool:
    """Remove a temporary file, or the folder that a task made in its place; say whether it did."""
    try:
        os.unlink(path)
    except (IsADirectoryError, PermissionError):  # PermissionError: what macOS says of a folder
        import shutil  # seldom needed, and takes a while to import

        shutil.rmtree(path, ignore_errors=True)
    except OSError:
        return False  # not made, or out of reach: then a later sweep finds it
    return not os.path.lexists(path)
