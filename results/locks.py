"""One writer per target.

Who works on a target holds the operating system's lock (flock) on a small *owner file* that says who
that is. The lock is free the moment its holder dies, however it dies. The file's name is removed
before the lock is given back; an owner file whose lock is free was left by a process that died at work,
and tells the next run that there may be leftovers to sweep.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

from nemflow.errors import ResultError
from nemflow.results.location import file_name
from nemflow.results.spares import Spare, give_back, take_spare, try_lock

_OWNER = ".owner"
_LOOK_AGAIN_S = 0.02
_NO_SECOND_NAMES = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TargetLock:
    """The lock of one target, for processes and threads of this machine; not reentrant.

    *target* is any text that names the target, in practice its absolute path. *lock_dir* is made
    when the lock is first taken; it must lie on a local disk, locks on network disks are not to be
    trusted. Making a TargetLock and asking `needs_sweep` costs microseconds. Once the lock is taken,
    *follows_death* tells whether the holder before died with it, and may have left something to sweep.
    """

    __slots__ = ("_folder", "_held", "_now", "_owner_path", "_spare", "follows_death", "target")

    def __init__(
        self,
        lock_dir: str | os.PathLike[str],
        target: str,
        *,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.target = target
        self._folder = os.fspath(lock_dir)
        self._owner_path = f"{self._folder}{os.sep}{file_name(target)}{_OWNER}"
        self._now = now
        self._held: int | None = None  # the open owner file
        self._spare: Spare | None = None  # which that is; None for a dead holder's
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
        spare = self._spare
        try:
            # First, for after the release the name may be the next holder's.
            os.unlink(self._owner_path)
        except FileNotFoundError:
            pass
        finally:
            if spare is None:
                os.close(handle)
            else:
                give_back(spare, self._folder)

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
            while not self._make_owner_file():
                try:
                    handle = os.open(self._owner_path, os.O_RDWR)
                except FileNotFoundError:
                    continue  # it has just been given back
                if not _lock(handle):
                    if not blocking:
                        return False
                    # Not in the system's queue for the file, which by then may be the lock of
                    # another target: who works on many would be waited for until all are done.
                    time.sleep(_LOOK_AGAIN_S)
                elif self._follow(handle):
                    return True
        except OSError as error:
            raise ResultError(
                f"The lock {self._owner_path} cannot be taken ({error.strerror or error}); "
                "choose a folder for locks that can be written to."
            ) from error
        return True

    def _make_owner_file(self) -> bool:
        """Name a spare, signed before anybody can see it, as the owner file; False if there is one."""
        while True:
            spare = take_spare(self._folder)
            try:
                spare.write(self._signature())
                os.link(spare.path, self._owner_path)
            except FileExistsError:
                give_back(spare, self._folder)
                return False
            except FileNotFoundError:
                spare.discard()  # another process took it for a dead one's; or the folder has gone
            except OSError as error:
                spare.discard()
                if error.errno not in _NO_SECOND_NAMES:
                    raise
                return self._make_new()
            else:
                self._held, self._spare, self.follows_death = spare.handle, spare, False
                return True

    def _make_new(self) -> bool:
        """Make the owner file where a file has no second name."""
        try:
            handle = os.open(self._owner_path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            return False
        if not _lock(handle):  # another was quicker to lock it
            return False
        is_held = self._follow(handle)
        self.follows_death = False
        return is_held

    def _follow(self, handle: int) -> bool:
        """Sign and keep the locked owner file of a dead holder; one that is none any more is let go."""
        try:
            is_in_place = _is_same(handle, self._owner_path)
            if is_in_place:
                # Cut what was there after writing, not before: ext4 flushes a file that was emptied
                # when it is closed, which takes as long as all the rest of a lock.
                os.ftruncate(handle, os.pwrite(handle, self._signature(), 0))
        except BaseException:
            os.close(handle)
            raise
        if is_in_place:
            self._held, self._spare, self.follows_death = handle, None, True
        else:
            os.close(handle)
        return is_in_place

    def _signature(self) -> bytes:
        owner = {**_this_thread(), "since": self._now().isoformat(), "target": self.target}
        return json.dumps(owner).encode()

    def _read_owner(self) -> dict[str, Any]:
        """Return what the owner file says; nothing if its writer has not come to it yet."""
        try:
            with open(self._owner_path, encoding="utf-8") as file:
                owner = json.load(file)
        except (OSError, ValueError):
            return {}
        return owner if isinstance(owner, dict) else {}


def _lock(handle: int) -> bool:
    """Lock an open file, and close it if that cannot be done at once."""
    try:
        is_held = try_lock(handle)
    except BaseException:
        os.close(handle)
        raise
    if not is_held:
        os.close(handle)
    return is_held


def _is_same(handle: int, path: str) -> bool:
    """Tell whether an open file lies at *path*: its last holder may have removed it from there."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


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
