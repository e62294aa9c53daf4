"""Owner files that a process keeps for its next locks.

To make a file and to remove it changes the disk's own books in many places, and whoever flushes a file
then waits for all of them. A second name for a file that is there changes two. So a lock is a second
name for one of these files, a *spare*; when the lock is given back, only that name goes.

A spare is for one lock at a time, and whoever uses it holds the operating system's lock on it. Those
that a process leaves behind are removed by the next one.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os

_SPARE = ".spare"


class Spare:
    """A file of this process, locked as long as it is in use."""

    __slots__ = ("_written", "handle", "path", "pid")

    def __init__(self, path: str, handle: int) -> None:
        self.path = path
        self.handle = handle
        self.pid = os.getpid()
        self._written = 0

    def write(self, data: bytes) -> None:
        """Put *data* in the place of what was there, filled up with spaces."""
        data = data.ljust(self._written)
        self._written = os.pwrite(self.handle, data, 0)

    def discard(self) -> None:
        """Remove its own name and let it go."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        os.close(self.handle)


_idle: dict[str, list[Spare]] = {}  # by folder; in practice there is one


def take_spare(folder: str) -> Spare:
    """Return a spare in *folder*, locked; the folder is made where it is missing.

    Raises:
        OSError: the folder cannot be written to.
    """
    idle = _idle.get(folder)
    if idle is None:
        _remove_all()
        _sweep(folder)
        idle = _idle.setdefault(folder, [])
    while True:
        try:
            spare = idle.pop()
        except IndexError:
            spare = _make(folder)
        if try_lock(spare.handle):
            return spare
        spare.discard()  # who looked at its last lock has it still


def give_back(spare: Spare, folder: str) -> None:
    """Unlock a spare and keep it for the next lock."""
    if spare.pid != os.getpid():  # of the process from which this one was forked, and locked by it
        os.close(spare.handle)
        return
    fcntl.flock(spare.handle, fcntl.LOCK_UN)
    _idle.setdefault(folder, []).append(spare)


def try_lock(handle: int) -> bool:
    """Lock an open file, and say whether that was possible at once."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make(folder: str) -> Spare:
    path = os.path.join(folder, f".{os.getpid()}-{os.urandom(4).hex()}{_SPARE}")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    try:
        return Spare(path, os.open(path, flags, 0o666))
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        return Spare(path, os.open(path, flags, 0o666))


def _sweep(folder: str) -> None:
    """Remove the spares of processes that have ended; one that is taken from a live one is made anew."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.endswith(_SPARE):
                _remove_idle(os.path.join(folder, name))


def _remove_idle(path: str) -> None:
    # One with a second name is the lock of somebody, or of a dead one whose lock is still to be found.
    with contextlib.suppress(OSError):
        if os.stat(path).st_nlink > 1:
            return
        handle = os.open(path, os.O_RDWR)
        try:
            if try_lock(handle):
                os.unlink(path)
        finally:
            os.close(handle)


def _forget() -> None:
    """Leave the spares to the process from which this one was forked: they are locked for both."""
    for idle in _idle.values():
        for spare in idle:
            os.close(spare.handle)
    _idle.clear()


@atexit.register
def _remove_all() -> None:
    while _idle:
        with contextlib.suppress(KeyError, IndexError):  # another thread was quicker
            _, idle = _idle.popitem()
            while True:
                idle.pop().discard()


os.register_at_fork(after_in_child=_forget)
