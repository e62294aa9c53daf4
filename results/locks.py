"""One writer per target.

The lock is the operating system's (flock, through filelock), so it is free the moment its holder
dies, however it dies. Beside the lock lies a small *owner file* that says who holds it. It is
removed before the lock is given back; an owner file whose lock is free was left by a process that
died at work, and tells the next run that there may be leftovers to sweep.

The owner is told in a file of its own because the lock file is filelock's: many versions truncate
it whenever somebody tries the lock, some (3.21 and after) delete it at release, others leave it.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from nemflow.errors import ResultError
from nemflow.results.location import file_name

if TYPE_CHECKING:
    from filelock import BaseFileLock

_POLL_S = 0.05


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TargetLock:
    """The lock of one target, for processes and threads of this machine; not reentrant.

    *target* is any text that names the target, in practice its absolute path. *lock_dir* is made
    when the lock is first taken; it must lie on a local disk, locks on network disks are not to be
    trusted. Making a TargetLock and asking `needs_sweep` costs microseconds and imports nothing.
    """

    __slots__ = ("_held", "_lock_path", "_now", "_owner_path", "target")

    def __init__(
        self,
        lock_dir: str | os.PathLike[str],
        target: str,
        *,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.target = target
        base = os.path.join(lock_dir, file_name(target))
        self._lock_path = f"{base}.lock"
        self._owner_path = f"{base}.owner"
        self._now = now
        self._held: BaseFileLock | None = None

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
        lock, self._held = self._held, None
        if lock is None:
            return
        try:
            # First, for after the release the file may be the next holder's.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._owner_path)
        finally:
            lock.release()

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
        from filelock import FileLock, Timeout  # takes 50 ms to import

        try:
            os.makedirs(os.path.dirname(self._lock_path), exist_ok=True)
            # Made anew each time: a filelock object is reentrant, this lock is not.
            lock = FileLock(self._lock_path, thread_local=False)
            lock.acquire(poll_interval=_POLL_S, blocking=blocking)
            self._hold(lock)
        except Timeout:
            return False
        except OSError as error:
            raise ResultError(
                f"The lock {self._lock_path} cannot be taken ({error.strerror or error}); "
                "choose a folder for locks that can be written to."
            ) from error
        return True

    def _hold(self, lock: BaseFileLock) -> None:
        try:
            with open(self._owner_path, "w", encoding="utf-8") as file:
                since = self._now().isoformat()
                json.dump({**_this_thread(), "since": since, "target": self.target}, file)
        except BaseException:
            lock.release()
            raise
        self._held = lock

    def _read_owner(self) -> dict[str, Any]:
        """Return what the owner file says; nothing if its writer has not come to it yet."""
        try:
            with open(self._owner_path, encoding="utf-8") as file:
                owner = json.load(file)
        except (OSError, ValueError):
            return {}
        return owner if isinstance(owner, dict) else {}


def _this_thread() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "thread": threading.get_ident(),
        "host": os.uname().nodename,
        "boot": _boot_id(),
    }


def _boot_id() -> str | None:
    """Return what tells this start of the machine from others, where there is such a thing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None


def _describe(owner: dict[str, Any]) -> str:
    try:
        since = datetime.fromisoformat(owner["since"]).astimezone()
        return f"process {owner['pid']} on host {owner['host']} since {since:%H:%M:%S}"
    except (KeyError, TypeError, ValueError):
        return "another process"
