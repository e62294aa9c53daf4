"""The archive: files exactly as AEMO published them, verified, each with what is known of it.

::

    archive/MMSDM/2014/MMSDM_2014_01/PUBLIC_DVD_DISPATCHPRICE_201401010000.zip   and ….zip.json
    archive/priceanddemand/2015/PRICE_AND_DEMAND_201501_NSW1.csv
    archive/priceanddemand/partial/PRICE_AND_DEMAND_202611_NSW1.csv              a month not over
    archive/Reports/Public_Prices/2026/PUBLIC_PRICES_202602190000_20260220040502.zip
    archive/Reports/DispatchIS_Reports/2026/2026-02-19/PUBLIC_DISPATCHIS_….zip   288, one 2026-02-19.json

A file enters so, under the lock of its slot::

    sweep what killed runs left -> fetch into .incoming-… -> verify -> sidecar -> rename

The sidecar is written first and the rename comes last, so that a file never lies under its final
name without the account of where it came from. Killed between the two, there is a sidecar without
file, which counts as nothing; or, where a file was to be replaced, the old file with the sidecar of
the new one, which counts as damaged. Either way the next run fetches it again.

A file counts as there if its sidecar can be read and size and sha256 agree with it. One that fails
is set aside as ``….damaged``. A file can also be *doubted*: it passed verification, but a day in it
failed its checks. Then the next run that needs it asks the server once more.
"""

import logging
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow import TargetLock, atomic_path, sweep_leftovers
from nemflow.errors import BrokenFile, DownloadError, MarketError
from nemflow.tasks.nem.holding import (
    Holding,
    confirm,
    held_at,
    holding_of,
    is_intact,
    issues_in,
    move_folder,
    remove,
    set_aside,
)
from nemflow.tasks.nem.published import Published, PublishedFile, WrongMarket
from nemflow.tasks.nem.sidecar import (
    Sidecar,
    Single,
    read_sidecar,
    sidecar_path,
    write_sidecar,
)
from nemflow.tasks.nem.slots import Slot
from nemflow.tasks.nem.sources import Source

if TYPE_CHECKING:  # verify imports pyarrow, which a run that finds its files here never needs
    from nemflow.tasks.nem.verify import FileFacts

__all__ = ["Archive", "Arrival", "Published", "PublishedFile", "Supply"]

_FOREIGN_LEFTOVER_S = 24 * 3600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file just fetched, at a temporary place under one of its slot's names, in any case.

    Or a folder of single files, which are then listed.
    """

    path: Path
    source: Source
    url: str
    sha256: str
    size: int
    last_modified: str
    etag: str
    synthetic: bool
    singles: tuple[Single, ...] = ()


@dataclass(frozen=True, slots=True)
class Supply:
    """How to get the file of a slot.

    Args:
        is_enough: whether what is known of a file says that it holds what is wanted.
        fetch: fetches into a folder, given what is known of the file held; None if that is still
            the newest.
        verify: checks a fetched file, raising `BrokenFile`.
    """

    is_enough: Callable[[Sidecar], bool]
    fetch: Callable[[Path, Sidecar | None], Arrival | None]
    verify: "Callable[[Path], FileFacts]"


class Archive:
    """The published files below `root`; locks lie in `lock_dir`, on a local disk."""

    def __init__(self, root: Path, lock_dir: Path, *, synthetic: bool = False) -> None:
        self._root = root
        self._lock_dir = lock_dir
        self._synthetic = synthetic

    def find(self, slot: Slot) -> Holding | None:
        """Return the whole file of a slot, else a partial one; asks nobody and changes nothing."""
        held = (held_at(path) for path in self._paths(slot))
        return next((one for one in held if one is not None and is_intact(one)), None)

    def obtain(self, slot: Slot, supply: Supply, now: Callable[[], datetime]) -> Holding:
        """Return the file of a slot, fetched if what is here is missing, damaged or doubted.

        Of several processes that need it at once, one fetches and the others wait. The file that
        comes back may still not be `supply.is_enough`: then the server has no more than that.

        Raises:
            BrokenFile: what came is not whole; nothing of it is kept.
            MarketError: as `supply.fetch` raises.
        """
        held = self.find(slot)
        if held is not None and self._is_good(held, supply):
            self._tidy_behind(slot)
            return held
        with self._locked(slot.key):
            self._tidy(slot)
            held = self.find(slot)  # another process may have fetched it meanwhile
            if held is None or not self._is_good(held, supply):
                held = self._renewed(slot, held, supply, now)
        return held

    def doubt(self, file: PublishedFile, reason: str) -> None:
        """Have the next run that needs `file` ask the server for it again, because of `reason`."""
        known = read_sidecar(file.path)
        if known is None:
            return
        with self._locked(known.slot):
            known = read_sidecar(file.path)
            if known is not None and known.sha256 == file.sha256:
                write_sidecar(file.path, replace(known, doubt=reason))

    def _is_good(self, held: Holding, supply: Supply) -> bool:
        if held.sidecar.synthetic != self._synthetic:
            market = "nemflow's SYNTHETIC" if held.sidecar.synthetic else "the real"
            raise WrongMarket(
                f"{held.file.path} is of {market} market; keep the two in different data folders"
            )
        return not held.sidecar.doubt and supply.is_enough(held.sidecar)

    def _renewed(
        self, slot: Slot, held: Holding | None, supply: Supply, now: Callable[[], datetime]
    ) -> Holding:
        try:
            return self._fetched(slot, held, supply, now)
        except MarketError as error:
            # A doubted file may still be right for other days than the one that failed.
            if held is None or not supply.is_enough(held.sidecar):
                raise
            _log.warning(
                "%s is in doubt (%s) and could not be fetched again, so it is used as it is: %s",
                *(held.file.path, held.sidecar.doubt, error),
            )
            return held

    def _fetched(
        self, slot: Slot, held: Holding | None, supply: Supply, now: Callable[[], datetime]
    ) -> Holding:
        known = None if held is None else held.sidecar
        with self._staging(slot) as folder:
            arrival = supply.fetch(folder, known)
            if held is not None and (arrival is None or arrival.sha256 == held.sidecar.sha256):
                return confirm(held, now())
            if arrival is None:
                raise DownloadError(f"{slot.key}: the server says unchanged of a file not held")
            try:
                facts = supply.verify(arrival.path)
            except BrokenFile as error:
                raise BrokenFile(f"{error} (from {arrival.url})") from error
            return self._admitted(slot, held, arrival, facts, now())

    def _admitted(
        self,
        slot: Slot,
        held: Holding | None,
        arrival: Arrival,
        facts: "FileFacts",
        fetched_at: datetime,
    ) -> Holding:
        """Move a verified file to its final name."""
        must_be_whole = not slot.partial_folder or (held is not None and held.sidecar.complete)
        if must_be_whole and not facts.complete:
            raise BrokenFile(
                f"{arrival.url} ends at {facts.last_stamp:%Y-%m-%d %H:%M}, before its month does; "
                "try again later"
            )
        name = _name_in(slot, arrival.path.name)
        final = self._root / (slot.folder if facts.complete else slot.partial_folder) / name
        sidecar = _sidecar(slot, arrival, facts, fetched_at)
        if arrival.singles:
            move_folder(arrival.path, final, sidecar)
        else:
            with atomic_path(final) as temporary:
                os.replace(arrival.path, temporary)
                write_sidecar(final, sidecar)
        for other in self._paths(slot):
            if other != final:
                remove(other)
        return holding_of(final, sidecar)

    def _paths(self, slot: Slot) -> list[Path]:
        folder = self._root / slot.folder
        paths = [folder / name for name in slot.names]
        if slot.issue_of is not None:
            paths += issues_in(folder, slot.issue_of)
        if slot.partial_folder:
            paths += [self._root / slot.partial_folder / name for name in slot.names]
        return paths

    def _lock(self, key: str) -> TargetLock:
        return TargetLock(self._lock_dir, str(self._root.resolve() / key))

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        lock = self._lock(key)
        lock.acquire(lambda owner: _log.info("waiting for %s, which fetches %s", owner, key))
        try:
            yield
        finally:
            lock.release()

    def _tidy_behind(self, slot: Slot) -> None:
        """Remove what one left that was killed with its file in place; who is at work is let be."""
        if not self._staging_folder(slot).exists():
            return
        lock = self._lock(slot.key)
        if lock.try_acquire():
            try:
                self._tidy(slot)
            finally:
                lock.release()

    def _tidy(self, slot: Slot) -> None:
        """Set damaged files aside and remove what killed processes left; under the lock."""
        for path in self._paths(slot):
            sweep_leftovers(str(path))
            sweep_leftovers(str(sidecar_path(path)))
            held = held_at(path)
            if held is not None and not is_intact(held):
                set_aside(path)
        for leftover in self._root.glob(f".incoming-{slot.key}@*"):
            if leftover == self._staging_folder(slot) or _is_old(leftover):
                shutil.rmtree(leftover, ignore_errors=True)

    def _staging_folder(self, slot: Slot) -> Path:
        # By host: the lock says nothing about other machines that write to the same disk.
        return self._root / f".incoming-{slot.key}@{platform.node()}"

    @contextmanager
    def _staging(self, slot: Slot) -> Iterator[Path]:
        """Make a folder for unfinished files, on the same disk, and remove it on any way out."""
        folder = self._staging_folder(slot)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is_old(folder: Path) -> bool:
    try:
        # The disk's times are of the real clock, whatever clock the caller goes by.
        return time.time() - folder.stat().st_mtime > _FOREIGN_LEFTOVER_S
    except FileNotFoundError:
        return False  # its writer has just finished


def _name_in(slot: Slot, name: str) -> str:
    if slot.issue_of is not None:
        return name
    return next(known for known in slot.names if known.upper() == name.upper())


def _sidecar(slot: Slot, arrival: Arrival, facts: "FileFacts", fetched_at: datetime) -> Sidecar:
    return Sidecar(
        slot=slot.key,
        source=arrival.source,
        url=arrival.url,
        sha256=arrival.sha256,
        size=arrival.size,
        fetched_at=fetched_at,
        created=facts.created or arrival.last_modified,
        last_stamp=facts.last_stamp,
        complete=facts.complete,
        synthetic=arrival.synthetic,
        etag=arrival.etag,
        last_modified=arrival.last_modified,
        singles=arrival.singles,
    )
