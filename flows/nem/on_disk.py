"""What lies on the disk of a data set, by day: one look at each folder, no data file opened.

A year of raw days is one folder, a month of clean days another (`places`), so twenty-seven years are
some 350 looks, where asking for every file by name would be 20,000. A file that is there is whole by
construction, so its name is enough.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from nemflow.flows.nem.places import clean_month, clean_target, raw_target, standing_of
from nemflow.flows.nem.standing import read_standing
from nemflow.tasks.nem.market_time import Month

STAGES = ("raw", "clean")

PLACEHOLDER = b"this day has moved into the file of its month: list the folder again\n"
"""How a file begins that lies at a day's name for a moment after its month was compacted."""

_Read = TypeVar("_Read")

_SMALLEST = 12  # bytes of a Parquet file: both magics and the length between them
_SOME_DAY = date(2000, 1, 1)
_FOLDER_TRIES = 10  # compactions of one and the same month while it is listed


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A data file as its folder shows it.

    Args:
        size: in bytes.
        changed_at: seconds since 1970.
        is_month: it holds all days of a month.
    """

    path: str
    size: int
    changed_at: float
    is_month: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies there of one stage.

    Args:
        files: the file that holds a day; one for all days of a compacted month.
        standings: where it is written that a day is not final.
        leftovers: days of which an unfinished file is there, of a live writer or a killed one.
    """

    files: dict[date, StoredFile] = field(default_factory=dict)
    standings: dict[date, str] = field(default_factory=dict)
    leftovers: set[date] = field(default_factory=set)

    def is_due(self, day: date, now: datetime) -> bool:
        """Tell whether something better is expected of a day at the aware instant `now`."""
        standing = read_standing(Path(self.standings[day])) if day in self.standings else None
        return standing is not None and standing.due_at <= now


def look(data_dir: Path, dataset: str, stage: str, first: date, last: date) -> Stored:
    """Return what lies there of a stage from `first` to `last`.

    A clean day counts where its month is compacted, unless a newer file of its own lies beside. A
    file too short to be Parquet does not count.
    """
    stored = Stored()
    for folder, template, month in _FOLDERS[stage](data_dir, dataset, first, last):
        _look_into(stored, folder, template, month)
    for found in (stored.files, stored.standings):
        for day in [day for day in found if not first <= day <= last]:
            del found[day]
    return stored


def days_on_disk(
    data_dir: Path, dataset: str, stage: str, first: date, last: date, now: datetime
) -> set[date]:
    """Return the days from `first` to `last` whose file of a stage is there, and is not due.

    A day is due for which something better is expected at the aware instant `now` (`standing`), or
    beside whose file a killed writer has left something, for the next run to sweep.
    """
    stored = look(data_dir, dataset, stage, first, last)
    there = stored.files.keys() - stored.leftovers
    return {day for day in there if not stored.is_due(day, now)}


def is_placeholder(path: Path) -> bool:
    """Tell whether a day file only says that its day has moved into the month, or has gone already."""
    try:
        with open(path, "rb") as file:
            return file.read(len(PLACEHOLDER)) == PLACEHOLDER
    except FileNotFoundError:
        return True


def years_on_disk(data_dir: Path, dataset: str) -> list[int]:
    """Return the years that have a folder in some stage, in order."""
    folders = (data_dir / "raw" / dataset, data_dir / "clean" / dataset)
    names = [name for folder in folders for name in _names(str(folder))]
    matches = (re.fullmatch(r"(?:year=)?(\d{4})", name, re.ASCII) for name in names)
    return sorted({int(match[1]) for match in matches if match})


@dataclass(frozen=True, slots=True)
class _DayNames:
    """How the day files of a folder are called: what stands before and after the date."""

    before: str
    after: str

    @classmethod
    def of(cls, name: str) -> "_DayNames":
        before, _, after = name.partition(_SOME_DAY.isoformat())
        return cls(before, after)

    def date_in(self, name: str) -> date | None:
        """Return the date in a file's name; None where it is another kind of file."""
        if not (name.startswith(self.before) and name.endswith(self.after)):
            return None
        try:
            return date.fromisoformat(name[len(self.before) : len(name) - len(self.after)])
        except ValueError:
            return None


_Folders = Iterator[tuple[str, str, str]]


def _raw_folders(data_dir: Path, dataset: str, first: date, last: date) -> _Folders:
    """Yield each folder with the name of the day files in it; none of a month."""
    template = raw_target(dataset)
    for year in range(first.year, last.year + 1):
        folder = os.path.dirname(template.format(date=date(year, 1, 1)))
        yield os.path.join(data_dir, folder), os.path.basename(template), ""


def _clean_folders(data_dir: Path, dataset: str, first: date, last: date) -> _Folders:
    """Yield each folder with the name of the day files, and that of the file of its month."""
    template, whole = clean_target(dataset), clean_month(dataset)
    month = Month.of(first)
    while month <= Month.of(last):
        folder, name = os.path.split(whole.format(date=month.first_day))
        yield os.path.join(data_dir, folder), os.path.basename(template), name
        month = month.next()


_FOLDERS: dict[str, Callable[[Path, str, date, date], _Folders]] = {
    "raw": _raw_folders,
    "clean": _clean_folders,
}


def _leftover_of(names: _DayNames, name: str) -> date | None:
    """Return the day of a file that somebody is writing, or has left unfinished."""
    if not (name.startswith(".") and name.endswith(".part")):
        return None
    final, found, _ = name[1:].partition(names.after)
    return names.date_in(final + found)


def _look_into(stored: Stored, folder: str, template: str, month: str) -> None:
    """Add what lies in one folder."""
    name = template.format(date=_SOME_DAY)
    names, hidden = _DayNames.of(name), _DayNames.of(standing_of(name))
    whole: tuple[str, os.stat_result] | None = None
    for found, facts in _scan(folder, lambda n: n == month or names.date_in(n) is not None):
        day = names.date_in(found)
        if facts is None:
            day = hidden.date_in(found)
            unfinished = _leftover_of(names, found)
            if day is not None:
                stored.standings[day] = os.path.join(folder, found)
            elif unfinished is not None:
                stored.leftovers.add(unfinished)
        elif facts.st_size < _SMALLEST:
            continue
        elif day is not None:
            path = os.path.join(folder, found)
            stored.files[day] = StoredFile(path, facts.st_size, facts.st_mtime)
        else:
            whole = (os.path.join(folder, found), facts)
    if whole is not None:
        _add_month(stored, *whole)


def _add_month(stored: Stored, path: str, facts: os.stat_result) -> None:
    file = StoredFile(path, facts.st_size, facts.st_mtime, is_month=True)
    month = Month(*map(int, path[-len("2000-01.parquet") : -len(".parquet")].split("-")))
    for day in month.days():
        own = stored.files.get(day)  # newer than the month's, unless it only says that it has moved
        if own is None or is_placeholder(Path(own.path)):
            stored.files[day] = file


def _scan(folder: str, is_data: Callable[[str], bool]) -> list[tuple[str, os.stat_result | None]]:
    """Return the names in a folder, with the facts of data files."""

    def read(handle: int) -> list[tuple[str, os.stat_result | None]]:
        with os.scandir(handle) as entries:
            return [(e.name, e.stat() if is_data(e.name) else None) for e in entries]

    return at_one_moment(folder, read) or []


def at_one_moment(folder: str | Path, read: Callable[[int], _Read]) -> _Read | None:
    """Return what `read` finds in an open folder; None if that is not there.

    A compaction replaces the folder of a month as a whole: then it is read again.
    """
    for _ in range(_FOLDER_TRIES):
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            found = read(handle)
            # A folder that was replaced meanwhile may have been emptied while it was read.
            if os.path.samestat(os.fstat(handle), os.stat(folder)):
                return found
        except FileNotFoundError:
            continue  # it, or a file in it, went away meanwhile
        finally:
            os.close(handle)
    raise OSError(f"{folder} changes faster than it can be listed")


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
