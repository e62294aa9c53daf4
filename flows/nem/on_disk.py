"""Which days of a data set lie on the disk: one look at each folder, no file opened.

A year of raw days is one folder, a month of clean days another (`places`), so twenty-seven years are
some 350 looks, where asking for every file by name would be 20,000.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nemflow.flows.nem.places import clean_month, clean_target, raw_target
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


def days_on_disk(data_dir: Path, dataset: str, stage: str, first: date, last: date) -> set[date]:
    """Return the days from `first` to `last` whose file of a stage is there.

    A clean day counts where its month is compacted. A file too short to be Parquet does not.
    """
    look = _LOOKS[stage]
    return {day for day in look(data_dir, dataset, first, last) if first <= day <= last}


def _raw_days(data_dir: Path, dataset: str, first: date, last: date) -> Iterator[date]:
    template = raw_target(dataset)
    names = _Names.of(template)
    for year in range(first.year, last.year + 1):
        yield from _dates(_folder(data_dir, template, date(year, 1, 1)), names)


def _clean_days(data_dir: Path, dataset: str, first: date, last: date) -> Iterator[date]:
    template, whole = clean_target(dataset), clean_month(dataset)
    names = _Names.of(template)
    month = Month.of(first)
    while month <= Month.of(last):
        folder = _folder(data_dir, template, month.first_day)
        yield from _dates(folder, names)
        compacted = os.path.basename(whole.format(date=month.first_day))
        if os.path.exists(os.path.join(folder, compacted)):
            yield from month.days()
        month = month.next()


_LOOKS: dict[str, Callable[[Path, str, date, date], Iterator[date]]] = {
    "raw": _raw_days,
    "clean": _clean_days,
}


def _folder(data_dir: Path, template: str, day: date) -> str:
    return os.path.join(data_dir, os.path.dirname(template.format(date=day)))


def _dates(folder: str, names: _Names) -> Iterator[date]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                day = names.date_in(entry.name)
                if day is not None and entry.stat().st_size >= _SMALLEST:
                    yield day
    except (FileNotFoundError, NotADirectoryError):
        return
