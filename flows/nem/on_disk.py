"""Which days of a data set lie on the disk: one look at each folder.

A year of raw days is one folder, a month of clean days another (`places`), so twenty-seven years are
some 350 looks, where asking for every file by name would be 20,000. Opened are only the few small
files that say of a day that it is not final.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from nemflow.flows.nem.places import clean_month, clean_target, raw_target, standing_of
from nemflow.flows.nem.standing import read_standing
from nemflow.tasks.nem.market_time import Month

_SMALLEST = 12  # bytes of a Parquet file: both magics and the length between them
_SOME_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class _Names:
    """How the day files of a folder are called: what stands before and after the date."""

    before: str
    after: str

    @classmethod
    def of(cls, template: str) -> "_Names":
        name = os.path.basename(template.format(date=_SOME_DAY))
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


def days_on_disk(
    data_dir: Path, dataset: str, stage: str, first: date, last: date, now: datetime
) -> set[date]:
    """Return the days from `first` to `last` whose file of a stage is there, and is not due.

    A clean day counts where its month is compacted. A file too short to be Parquet does not, nor does
    a day for which something better is expected at the aware instant `now` (`standing`).
    """
    look = _LOOKS[stage]
    found: set[date] = set()
    due: set[date] = set()
    for folder in look(data_dir, dataset, first, last):
        found.update(folder.days)
        due.update(day for day, path in folder.standings if _is_due(path, now))
    return {day for day in found - due if first <= day <= last}


@dataclass(slots=True)
class _Folder:
    """The days in one folder, and the files that say which of them are not final."""

    days: list[date]
    standings: list[tuple[date, Path]]


def _raw_folders(data_dir: Path, dataset: str, first: date, last: date) -> Iterator[_Folder]:
    template = raw_target(dataset)
    for year in range(first.year, last.year + 1):
        yield _look(_folder(data_dir, template, date(year, 1, 1)), template)


def _clean_folders(data_dir: Path, dataset: str, first: date, last: date) -> Iterator[_Folder]:
    template, whole = clean_target(dataset), clean_month(dataset)
    month = Month.of(first)
    while month <= Month.of(last):
        folder = _folder(data_dir, template, month.first_day)
        found = _look(folder, template)
        compacted = os.path.basename(whole.format(date=month.first_day))
        if os.path.exists(os.path.join(folder, compacted)):
            found.days += month.days()
        yield found
        month = month.next()


_LOOKS: dict[str, Callable[[Path, str, date, date], Iterator[_Folder]]] = {
    "raw": _raw_folders,
    "clean": _clean_folders,
}


def _is_due(path: Path, now: datetime) -> bool:
    standing = read_standing(path)
    return standing is not None and standing.due_at <= now


def _folder(data_dir: Path, template: str, day: date) -> str:
    return os.path.join(data_dir, os.path.dirname(template.format(date=day)))


def _look(folder: str, template: str) -> _Folder:
    names, standings = _Names.of(template), _Names.of(standing_of(template))
    found = _Folder([], [])
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if (day := names.date_in(entry.name)) and entry.stat().st_size >= _SMALLEST:
                    found.days.append(day)
                elif day is None and (day := standings.date_in(entry.name)):
                    found.standings.append((day, Path(entry.path)))
    except (FileNotFoundError, NotADirectoryError):
        pass
    return found
