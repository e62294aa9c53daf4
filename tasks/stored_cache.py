"""StoredCache: cached values that outlive the process, for ``flow.run(cache=StoredCache(folder))``.

Values are pickled: keep the folder where only you can write, as with any pickle.
"""

import logging
import os
import pickle

from nemflow.results.disk_cache import DiskCache
from nemflow.tasks.caching import duration_only
from nemflow.tasks.states import Cached

log = logging.getLogger(__name__)


class StoredCache:
    """Keeps Cached states in a folder, shared by processes of this machine.

    Args:
        folder: made when something is first kept.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.fspath(folder)
        self._entries = DiskCache(folder)

    def load(self, key: str) -> list[Cached]:
        """Return what is kept under a key, newest first; what cannot be read any more is left out."""
        states = (_read(data) for data in self._entries.load(key))
        return [state for state in states if state is not None]

    def keep(self, key: str, state: Cached) -> None:
        """Keep a state under a key; what has expired is let go.

        Raises:
            ResultError: the folder cannot be written.
        """
        import cloudpickle  # type: ignore[import-untyped]  # no stubs; heavy, and few flows cache

        new = cloudpickle.dumps(state)

        def with_state(entries: list[bytes]) -> list[bytes]:
            return [new, *(data for data in entries if _is_good(data))]

        self._entries.update(key, with_state)

    def __repr__(self) -> str:
        return f"<StoredCache: {self.folder}>"


def _is_good(data: bytes) -> bool:
    state = _read(data)
    return state is not None and duration_only(state, {}, {})


def _read(data: bytes) -> Cached | None:
    try:
        state = pickle.loads(data)
    except Exception as error:  # code that has changed since, above all
        log.warning("a cached value cannot be read any more and is left out: %r", error)
        return None
    return state if isinstance(state, Cached) else None
