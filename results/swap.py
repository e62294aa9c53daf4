"""Swaps two folders in one step, so that whoever looks sees the one or the other, never neither.

Linux has ``renameat2`` with RENAME_EXCHANGE, macOS ``renamex_np`` with RENAME_SWAP; Python knows neither.
Network drives and some others cannot swap.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

from nemflow.errors import ResultError

_LINUX_EXCHANGE = 2  # RENAME_EXCHANGE of linux/fs.h
_LINUX_HERE = -100  # AT_FDCWD: paths start from the working directory
_MACOS_SWAP = 2  # RENAME_SWAP of sys/stdio.h
_CANNOT = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV}


class CannotSwap(ResultError):
    """The file system, or the system, cannot swap two folders in one step."""


def swap_folders(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> None:
    """Swap what lies at two paths, which are on one file system, in one step.

    Raises:
        CannotSwap: it cannot be done here; nothing was changed.
        OSError: one of them is not there, or may not be changed.
    """
    number = _swap(os.fsencode(one), os.fsencode(other))
    if number in _CANNOT:
        raise CannotSwap(
            f"the file system of {os.fspath(one)} cannot swap two folders in one step "
            f"({os.strerror(number)})"
        )
    if number:
        raise OSError(number, os.strerror(number), os.fspath(one), None, os.fspath(other))


def _swap(one: bytes, other: bytes) -> int:
    """Return 0, or the number of the system's error."""
    library = ctypes.CDLL(None, use_errno=True)
    try:
        if sys.platform == "darwin":
            failed = library.renamex_np(one, other, ctypes.c_uint(_MACOS_SWAP))
        else:
            here, how = ctypes.c_int(_LINUX_HERE), ctypes.c_uint(_LINUX_EXCHANGE)
            failed = library.renameat2(here, one, here, other, how)
    except AttributeError:  # a C library older than the call
        return errno.ENOSYS
    return ctypes.get_errno() if failed else 0
