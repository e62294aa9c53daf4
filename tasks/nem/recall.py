"""An archive that is asked for many days in a row, and asks disk and server once for each file.

The days of a month lie in one file. Without a memory each day would read the file to see that it is
whole, and each day of a month that cannot be had would ask the server for it again.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from nemflow.errors import MarketError
from nemflow.tasks.nem.archive import Archive, Supply
from nemflow.tasks.nem.holding import Holding
from nemflow.tasks.nem.slots import Slot


class RecallingArchive(Archive):
    """The archive below `root`, with a memory. For one thread, and for a short while."""

    def __init__(self, root: Path, lock_dir: Path, *, synthetic: bool = False) -> None:
        super().__init__(root, lock_dir, synthetic=synthetic)
        self._known: dict[str, Holding | MarketError] = {}
        self._asked: set[str] = set()

    def obtain(self, slot: Slot, supply: Supply, now: Callable[[], datetime]) -> Holding:
        """Return the file of a slot as `Archive.obtain` does, or what was found out before.

        Raises:
            MarketError: as `Archive.obtain` raises, also if it did so before.
        """
        known = self._known.get(slot.key)
        if isinstance(known, MarketError):
            raise known
        if known is not None and (supply.is_enough(known.sidecar) or slot.key in self._asked):
            return known
        try:
            held = super().obtain(slot, supply, now)
        except MarketError as error:
            self._known[slot.key] = error
            raise
        if not supply.is_enough(held.sidecar):
            self._asked.add(slot.key)  # and the server has no more than this
        self._known[slot.key] = held
        return held
