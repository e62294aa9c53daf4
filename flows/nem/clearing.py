"""What can go from the archive: what killed downloads left, what was damaged, files of final months.

Data are never among it: raw and clean days are not looked at but to see that they are there.
"""

import os
import platform
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from nemflow import TargetLock
from nemflow.flows.nem.on_disk import look, years_on_disk
from nemflow.tasks.nem.archive_index import archived_files
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import Month, market_day
from nemflow.tasks.nem.sources import REPORT_FEEDS

_FOREIGN_LEFTOVER_S = 24 * 3600.0
_INCOMING = ".incoming-"
_LONGEST_SPAN = timedelta(days=8)  # a report file reaches back no further, months apart


def unfinished_downloads(
    root: Path, lock_dir: Path, *, now: Callable[[], float] = time.time
) -> Iterator[Path]:
    """Yield folders of downloads whose process has died; those of other machines after a day."""
    for folder in sorted(root.glob(f"{_INCOMING}*")):
        key, at, host = folder.name.removeprefix(_INCOMING).rpartition("@")
        if not at or host != platform.node():
            if now() - _changed_at(folder) > _FOREIGN_LEFTOVER_S:
                yield folder
        elif not _is_held(TargetLock(lock_dir, str(root.resolve() / key))):
            yield folder


def damaged_files(root: Path) -> Iterator[Path]:
    """Yield what was set aside because its bytes were no longer those that were fetched."""
    for folder, folders, names in os.walk(root):
        for name in sorted((*folders, *names)):
            if name.endswith(".damaged"):
                yield Path(folder, name)
        folders[:] = sorted(f for f in folders if not f.endswith(".damaged"))


def archives_of_final_months(data_dir: Path) -> Iterator[Path]:
    """Yield the archive's files of months of which every day is stored and final.

    In every data set that has any day of the month. What a file's span begins with is in it too.
    """
    finals: dict[Month, bool] = {}
    for held in archived_files(data_dir / "archive"):
        if held.sidecar.doubt or not held.sidecar.complete:
            continue
        last = market_day(held.sidecar.last_stamp)
        months = {Month.of(last), Month.of(last - _LONGEST_SPAN)}
        if held.file.source not in REPORT_FEEDS:
            months = {Month.of(last)}
        for month in months - finals.keys():
            finals[month] = _is_final(data_dir, month)
        if all(finals[month] for month in months):
            yield held.file.path


def _changed_at(folder: Path) -> float:
    return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))


def _is_final(data_dir: Path, month: Month) -> bool:
    kept = [name for name in DATASETS if month.year in years_on_disk(data_dir, name)]
    found = [_stands(data_dir, name, month) for name in kept]
    return any(found) and all(is_final is not False for is_final in found)


def _stands(data_dir: Path, dataset: str, month: Month) -> bool | None:
    """Tell whether all days of a month are final in both stages; None if there are none of it."""
    days: set[date] = set(month.days())
    stages = [
        look(data_dir, dataset, stage, month.first_day, month.last_day)
        for stage in ("raw", "clean")
    ]
    if not any(stored.files for stored in stages):
        return None
    return all(stored.files.keys() >= days and not stored.standings for stored in stages)


def _is_held(lock: TargetLock) -> bool:
    if not lock.needs_sweep():
        return False
    if not lock.try_acquire():
        return True
    lock.release()
    return False
