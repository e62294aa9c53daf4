"""Python's garbage collector at a slower pace, while a flow is built and while a big one runs.

The collector starts anew after every 700 objects that were made and kept, and now and then goes through
all that the program keeps. What building and running a flow makes is kept to the end, so there is
nothing for it to find, and of 100,000 tasks it would take a fifth of the time. Meanwhile it starts after
``PACE`` objects instead. It is never turned off: what tasks leave behind is still found.

The collector belongs to the whole process. So the pace is one for all threads: whoever comes first
changes it, whoever leaves last puts back what was there before, unless somebody else has set another
pace meanwhile. A pace that is as slow already, and a collector that is turned off, are left alone.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

PACE = 50_000
BIG = 10_000  # tasks of a flow


class Collector:
    """The pace of the garbage collector of this process, shared by all who ask for a slower one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before: tuple[int, int, int] | None = None

    def slow_down(self) -> None:
        """Take the slower pace; ``restore`` must follow."""
        with self._lock:
            self._users += 1
            often, *rarer = gc.get_threshold()
            if self._users == 1 and 0 < often < PACE:
                self._before = gc.get_threshold()
                gc.set_threshold(PACE, *rarer)

    def restore(self) -> None:
        """Go back to the pace before, if nobody else wants the slower one any more."""
        with self._lock:
            self._users -= 1
            if self._users or self._before is None:
                return
            before, self._before = self._before, None
            if gc.get_threshold() == (PACE, *before[1:]):
                gc.set_threshold(*before)


collector = Collector()


def slower_for(tasks: int) -> AbstractContextManager[None]:
    """Run the block at the slower pace if there are so many tasks that it counts."""
    return nullcontext() if tasks < BIG else _slower()


@contextmanager
def _slower() -> Iterator[None]:
    collector.slow_down()
    try:
        yield
    finally:
        collector.restore()
