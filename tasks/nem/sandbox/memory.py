"""What the sandbox has made, kept for the next request, within a bound on memory."""

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

_LIMIT = 300_000_000  # bytes: a dozen bundles, or every table month there is

V = TypeVar("V")


class Memory:
    """Things made on demand, the oldest forgotten first. Safe to use from threads.

    Args:
        limit: bytes that are kept; the newest thing is kept whatever its size.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._lock = threading.RLock()
        self._made: dict[Hashable, tuple[object, int]] = {}
        self._held = 0

    @property
    def held(self) -> int:
        """Bytes that are kept now."""
        with self._lock:
            return self._held

    def remember(
        self, key: Hashable, make: Callable[[], V], size: Callable[[V], int] | None = None
    ) -> V:
        """Return what `make` made for `key`, from memory where it is still there.

        Args:
            key: names the thing; equal keys must make equal things.
            make: may itself remember parts.
            size: tells how many bytes a thing has that is not bytes.
        """
        with self._lock:  # one thing at a time: a second request for it finds it made
            if key not in self._made:
                made = make()
                weight = len(cast(bytes, made)) if size is None else size(made)
                self._made[key] = (made, weight)
                self._held += weight
                while self._held > self._limit and len(self._made) > 1:
                    oldest = next(iter(self._made))
                    self._held -= self._made.pop(oldest)[1]
                return made
            return cast(V, self._made[key][0])
