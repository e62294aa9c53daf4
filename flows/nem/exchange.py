"""Puts a compacted month in the place of its day files in one step, and heals what a kill leaves of it.

::

    clean/nem_prices/year=2014/month=01/                  the place
    clean/.compacting/nem_prices_2014-01.HOST.RANDOM/     a workspace
        month/           the new folder; after the swap the old one
        manifest.json    which folder the new one is, and which files went into it

The workspace lies outside of the data set, for DuckDB's globs go into hidden folders. The two folders
are swapped in one step, so a listing of the place shows the days or the month, never both and never
nothing. But pyarrow, pandas and DuckDB look at each name again after they have listed it, and pass in
silence over one that has gone meanwhile. So the new folder has a file at the name of each day, too, which
is no Parquet: who has listed the days fails on it instead of losing them. These placeholders are
removed a moment later; who lists them meanwhile fails as well, and has to ask again.

Whatever came into the old folder unseen is brought over: another machine's new day is put into the
month, other files are moved. The old folder is kept for a moment (`Retired`), because a reader may have
opened it and not listed it yet; only then it is removed.

Killed before the swap, the new folder is thrown away; after it, bringing over and removing are done by
whoever calls next: a day file that is in the manifest, unchanged, is in the month.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from nemflow import atomic_path, swap_folders, sync_folder
from nemflow.flows.nem.month_table import FileMark, put_days_into, read_day_file
from nemflow.flows.nem.on_disk import PLACEHOLDER, is_placeholder

_MORE = 4096  # zeros after the largest day, so that there is no Parquet magic at the end
_FOREIGN_LEFTOVER_S = 24 * 3600.0  # as long as another host's leftovers are let be elsewhere


@dataclass(frozen=True, slots=True)
class Place:
    """Where a month lies.

    Attributes:
        folder: the month's folder.
        file: the name of the compacted month.
        days: the names that its day files have or would have.
        workspaces: where workspaces are made.
        name: what the workspaces of this month are named by.
    """

    folder: Path
    file: str
    days: Mapping[str, date]
    workspaces: Path
    name: str


@dataclass(frozen=True, slots=True)
class Retired:
    """A workspace whose old folder is only kept for readers that have just opened it.

    Attributes:
        workspace: its folder.
        since: when the swap was known to be done, by the caller's clock.
    """

    workspace: Path
    since: float


def make_workspace(place: Place) -> Path:
    """Make a workspace with a new, empty folder for the month."""
    workspace = place.workspaces / f"{place.name}.{_host()}.{os.urandom(4).hex()}"
    (workspace / "month").mkdir(parents=True)
    shutil.copymode(place.folder, workspace / "month")
    return workspace


def exchange(
    place: Place,
    workspace: Path,
    marks: Mapping[str, FileMark],
    settle: Callable[[], None] = lambda: None,
) -> list[date]:
    """Put the workspace's folder in place, and bring over what came into the old one unseen.

    The caller holds the locks of the month and its days.

    Args:
        place: where.
        workspace: with the compacted month in its folder.
        marks: the day files that went into it.
        settle: waits until those who have just listed the days have looked at each.

    Returns:
        The days that came in unseen, which were put into the month.

    Raises:
        CannotSwap: the file system cannot do it; nothing was changed.
    """
    _lay_placeholders(place, workspace, max(mark.size for mark in marks.values()))
    _write_manifest(workspace, os.stat(workspace / "month"), marks)
    swap_folders(place.folder, workspace / "month")
    sync_folder(place.folder.parent)
    sync_folder(workspace)
    unseen = _bring_over(place, workspace, marks)
    settle()
    _remove_placeholders(place)
    return unseen


def heal(place: Place, clock: Callable[[], float]) -> Iterator[Retired]:
    """Bring every workspace of the month that somebody died with to its end; yield those to remove.

    The caller holds the locks of the month and its days: so whoever made them on this host is dead,
    or has only to remove them. Those of other hosts are let be for a day.
    """
    for workspace in _workspaces(place):
        marks = _marks_if_swapped(workspace)
        if marks is None:
            remove(workspace)
            continue
        _bring_over(place, workspace, marks)
        _remove_placeholders(place)
        yield Retired(workspace, clock())


def discard(workspace: Path) -> None:
    """Remove a workspace whose folder never came into its place; let any other be, to be healed."""
    if _marks_if_swapped(workspace) is None:
        remove(workspace)


def remove(workspace: Path) -> None:
    """Remove a workspace; the manifest goes last, for it says what the rest is."""
    shutil.rmtree(workspace / "month", ignore_errors=True)
    shutil.rmtree(workspace, ignore_errors=True)
    with contextlib.suppress(OSError):  # others are at work, or it is gone
        workspace.parent.rmdir()


def _lay_placeholders(place: Place, workspace: Path, size: int) -> None:
    """Put a file that is no Parquet at the name of each day in the new folder: one, with many names.

    It is as large as the largest day, by a hole: polars, which reads where a footer read before has
    said that data lie, panics where a file ends before.
    """
    with atomic_path(workspace / "placeholder") as temporary:
        temporary.write_bytes(PLACEHOLDER)
        os.truncate(temporary, max(size, len(PLACEHOLDER)) + _MORE)
    for name in place.days:
        os.link(workspace / "placeholder", workspace / "month" / name)
    sync_folder(workspace / "month")


def _remove_placeholders(place: Place) -> None:
    for name in place.days:
        if is_placeholder(place.folder / name):
            (place.folder / name).unlink(missing_ok=True)


def _workspaces(place: Place) -> list[Path]:
    try:
        names = sorted(os.listdir(place.workspaces))
    except FileNotFoundError:
        return []
    ours = [place.workspaces / name for name in names if name.startswith(f"{place.name}.")]
    return [path for path in ours if path.name.startswith(f"{place.name}.{_host()}.") or _old(path)]


def _old(path: Path) -> bool:
    import time  # the age of a file is by the system's clock, whatever the caller's is

    try:
        return time.time() - path.stat().st_mtime > _FOREIGN_LEFTOVER_S
    except FileNotFoundError:
        return False


def _write_manifest(workspace: Path, new: os.stat_result, marks: Mapping[str, FileMark]) -> None:
    files = {name: asdict(mark) for name, mark in marks.items()}
    with atomic_path(workspace / "manifest.json") as temporary:
        temporary.write_text(json.dumps({"folder": [new.st_dev, new.st_ino], "files": files}))


def _marks_if_swapped(workspace: Path) -> dict[str, FileMark] | None:
    """Return the files that went into the month if its folder is in place; None if it never was."""
    try:
        manifest = json.loads((workspace / "manifest.json").read_text())
        here = os.stat(workspace / "month")
    except FileNotFoundError:
        return None
    if manifest["folder"] == [here.st_dev, here.st_ino]:
        return None
    return {name: FileMark(**mark) for name, mark in manifest["files"].items()}


def _bring_over(place: Place, workspace: Path, marks: Mapping[str, FileMark]) -> list[date]:
    """Bring what the month does not hold from the old folder to the place; return its days."""
    old = workspace / "month"
    unseen: dict[str, FileMark] = {}
    for name in sorted(os.listdir(old)):
        with contextlib.suppress(FileNotFoundError):  # its writer has just taken it away
            mark = FileMark.of(os.lstat(old / name))
            if name in place.days and mark != marks.get(name):
                unseen[name] = mark
            elif name not in place.days and not os.path.lexists(place.folder / name):
                os.rename(old / name, place.folder / name)
    if unseen:
        days = [read_day_file(old / name, place.days[name]) for name in unseen]
        put_days_into(place.folder / place.file, days)
        # Not a second time: by then the month may hold what is newer still.
        _write_manifest(workspace, os.stat(place.folder), {**marks, **unseen})
    return [place.days[name] for name in unseen]


def _host() -> str:
    return os.uname().nodename.replace(".", "-") or "host"
