"""How the processes of a backfill keep memory that they have let go: for a moment only."""

import ctypes
import os
import threading
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of malloc.h
_LARGE_BYTES = 1 << 20
_SPARE_BYTES = 1 << 20  # kept at the end of each arena
_ARENAS = 2


def prepare_arrow() -> None:
    """Load Arrow while the first answers of a server are waited for; see `give_memory_back_soon`."""
    threading.Thread(target=_load, name="nemflow-arrow", daemon=True).start()


def _load() -> None:
    give_memory_back_soon()
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401  # each is loaded to be there when it is wanted


def give_memory_back_soon() -> None:
    """Have Arrow and the C library hand large pieces back to the system soon after they are let go.

    Arrow's mimalloc gives back what it is asked to, which a backfill does after each piece of work, if
    it has not committed large arenas at the start: it is told so before Arrow is loaded. glibc would
    take to keeping pieces of up to 32 MB, and to cutting small ones from them, as soon as some have
    been let go: a month's text takes 17 MB. It also would keep an arena for nearly every thread.
    """
    os.environ.setdefault("MIMALLOC_ARENA_EAGER_COMMIT", "0")
    import pyarrow as pa  # heavy

    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.mimalloc_memory_pool())
    with suppress(AttributeError, OSError, TypeError):  # another C library
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _SPARE_BYTES)
        libc.mallopt(_M_ARENA_MAX, _ARENAS)
