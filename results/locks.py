"""One writer per target.

Who works on a target holds the operating system's lock (flock) on a small *owner file* that says who
that is. The lock is free the moment its holder dies, however it dies. The file is removed before
the lock is given back; an owner file whose lock is free was left by a process that died at work, and
tells the next run that there may be leftovers to sweep.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

from nemflow.errors import ResultError
from nemflow.results.location import file_name

_OWNER = ".owner"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TargetLock:
    """The lock of one target, for processes and threads of this machine; not reentrant.

    *target* is any text that names the target, in practice its absolute path. *lock_dir* is made
    when the lock is first taken; it must lie on a local disk, locks on network disks are not to be
    trusted. Making a TargetLock and asking `needs_sweep` costs microseconds. Once the lock is taken,
    *follows_death* tells whether the holder before died with it, and may have left something to sweep.
    """

    __slots__ = ("_held", "_now", "_owner_path", "follows_death", "target")

    def __init__(
        self,
        lock_dir: str | os.PathLike[str],
        target: str,
        *,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.target = target
        self._owner_path = f"{os.fspath(lock_dir)}{os.sep}{file_name(target)}{_OWNER}"
        self._now = now
        self._held: int | None = None  # the open owner file
        self.follows_death = False

    def acquire(self, on_wait: Callable[[str], None] | None = None) -> None:
        """Take the lock, waiting as long as another holds it.

        Before it waits it calls *on_wait* once with who holds the lock, such as
        "process 123 on host x since 12:03:04" (local time).

        Raises:
            ResultError: this thread holds the lock already and would wait for itself, or the folder
                of locks cannot be written to.
        """
        if self.try_acquire():
            return
        owner = self._read_owner()
        if all(owner.get(key) == own for key, own in _this_thread().items()):
            raise ResultError(
                f"{self.target} is being made by this very thread already; "
                "a run inside a task cannot make the target of that task."
            )
        if on_wait is not None:
            on_wait(_describe(owner))
        self._take(blocking=True)

    def try_acquire(self) -> bool:
        """Take the lock if it is free, and say whether it was.

        Raises:
            ResultError: the folder of locks cannot be written to.
        """
        return self._take(blocking=False)

    def release(self) -> None:
        """Give the lock back; without effect if it is not held."""
        handle, self._held = self._held, None
        if handle is None:
            return
        try:
            # First, for after the release the file may be the next holder's.
            os.unlink(self._owner_path)
        except FileNotFoundError:
            pass
        finally:
            os.close(handle)

    def holder(self) -> str:
        """Return who holds the lock, in the words that `acquire` passes on."""
        return _describe(self._read_owner())

    def needs_sweep(self) -> bool:
        """Tell whether somebody is at work on the target, or died at it: one look at the disk.

        Who then gets the lock by `try_acquire` knows that it was a death.
        """
        return os.path.exists(self._owner_path)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def _take(self, *, blocking: bool) -> bool:
        try:
            while (handle := self._lock_file(blocking)) is not None:
                if self._hold(handle):
                    return True
        except OSError as error:
            raise ResultError(
                f"The lock {self._owner_path} cannot be taken ({error.strerror or error}); "
                "choose a folder for locks that can be written to."
            ) from error
        return False

    def _lock_file(self, blocking: bool) -> int | None:
        """Return the open, locked owner file; None if another holds its lock."""
        handle, self.follows_death = self._open()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if blocking else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _open(self) -> tuple[int, bool]:
        """Return the open owner file, and whether it was there before."""
        flags = os.O_RDWR | os.O_CREAT
        try:
            return os.open(self._owner_path, flags | os.O_EXCL, 0o666), False
        except FileExistsError:
            return os.open(self._owner_path, flags, 0o666), True
        except FileNotFoundError:
            os.makedirs(os.path.dirname(self._owner_path), exist_ok=True)
            return os.open(self._owner_path, flags, 0o666), False

    def _hold(self, handle: int) -> bool:
        """Sign the locked file and keep it; one that its last holder has removed is let go."""
        try:
            is_in_place = os.fstat(handle).st_nlink > 0  # it has one name, until it is removed
            if is_in_place:
                self._sign(handle)
        except BaseException:
            os.close(handle)
            raise
        if is_in_place:
            self._held = handle
        else:
            os.close(handle)
        return is_in_place

    def _sign(self, handle: int) -> None:
        owner = {**_this_thread(), "since": self._now().isoformat(), "target": self.target}
        written = os.write(handle, json.dumps(owner).encode())
        if self.follows_death:
            # Cut what the dead holder has left after writing, not before: ext4 flushes a file that was
            # emptied when it is closed, which takes as long as all the rest of a lock.
            os.ftruncate(handle, written)

    def _read_owner(self) -> dict[str, Any]:
        """Return what the owner file says; nothing if its writer has not come to it yet."""
        try:
            with open(self._owner_path, encoding="utf-8") as file:
                owner = json.load(file)
        except (OSError, ValueError):
            return {}
        return owner if isinstance(owner, dict) else {}


def holds_owner_files(lock_dir: str | os.PathLike[str]) -> bool:
    """Tell whether anybody is at work on any target, or died at it: one look for all of them."""
    try:
        with os.scandir(lock_dir) as entries:
            return any(entry.name.endswith(_OWNER) for entry in entries)
    except OSError:  # none was ever taken there
        return False


def _this_thread() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "thread": threading.get_ident(),
        "host": _host(),
    }


@functools.cache
def _host() -> str:
    return os.uname().nodename


def _describe(owner: dict[str, Any]) -> str:
    try:
        since = datetime.fromisoformat(owner["since"]).astimezone()
        return f"process {owner['pid']} on host {owner['host']} since {since:%H:%M:%S}"
    except (KeyError, TypeError, ValueError):
        return "another process"
