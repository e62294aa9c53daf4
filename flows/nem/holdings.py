"""Which clean days lie on the disk, by their names: day files, and compacted months.

Names alone are looked at, one folder a month: it takes no pyarrow. A month's folder may be replaced as
a whole by a compaction while it is listed; then it is listed again.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from pathlib import Path

from nemflow.flows.nem.on_disk import at_one_moment, is_placeholder
from nemflow.flows.nem.places import clean_partition, standing_of
from nemflow.tasks.nem.market_time import Month


@dataclass(frozen=True, slots=True)
class MonthHolding:
    """What is there of one month of a clean data set.

    Attributes:
        month: which month.
        folder: where it lies.
        days: the names of the day files.
        compacted: the name of the file that holds the whole month, if there is one.
        not_final: the days with a standing beside them.
        others: all other names in the folder.
    """

    month: Month
    folder: Path
    days: dict[date, str]
    compacted: str | None
    not_final: frozenset[date]
    others: tuple[str, ...]

    def held_days(self) -> set[date]:
        """Return the days that there are data of."""
        return set(self.month.days()) if self.compacted else set(self.days)


def look_up_month(data_dir: Path, dataset: str, month: Month) -> MonthHolding:
    """Return what is there of a month; nothing where its folder is not there."""
    folder = data_dir / clean_partition(dataset).format(date=month.first_day)
    days: dict[date, str] = {}
    standings: set[date] = set()
    compacted: str | None = None
    others: list[str] = []
    name_of_month = f"{dataset}_{month}.parquet"
    named = {f"{dataset}_{day}.parquet": day for day in month.days()}
    names = at_one_moment(folder, os.listdir) or []
    is_any_hidden = any(name.startswith(".") for name in names)  # most months have no standing
    standing = {standing_of(name): day for name, day in named.items() if is_any_hidden}
    for name in names:
        if name in named:
            days[named[name]] = name
        elif name == name_of_month:
            compacted = name
        elif name in standing:
            standings.add(standing[name])
        else:
            others.append(name)
    if compacted is not None:
        days = {day: name for day, name in days.items() if not is_placeholder(folder / name)}
    ordered = dict(sorted(days.items()))
    return MonthHolding(
        month, folder, ordered, compacted, frozenset(standings), tuple(sorted(others))
    )


def stored_months(data_dir: Path, dataset: str) -> list[Month]:
    """Return the months of a data set that have a folder, in order."""
    root = data_dir / "clean" / dataset
    found = []
    for year in _numbers(root, "year"):
        for number in _numbers(root / f"year={year}", "month"):
            try:
                found.append(Month(int(year), int(number)))
            except ValueError:  # no folder of ours
                continue
    return sorted(found)


def survey(data_dir: Path, dataset: str, days: Iterable[date]) -> tuple[list[Month], list[date]]:
    """Return the months that hold some of the days, and those days that there are no data of.

    Args:
        days: in order.
    """
    held: list[Month] = []
    missing: list[date] = []
    for month, wanted in groupby(days, Month.of):
        there = look_up_month(data_dir, dataset, month).held_days()
        asked = list(wanted)
        missing += [day for day in asked if day not in there]
        held += [month] if there.intersection(asked) else []
    return held, missing


def describe_days(days: Sequence[date], most: int = 6) -> str:
    """Write days, which are in order, as ranges; at most so many of them.

    >>> describe_days([date(2014, 1, 1), date(2014, 1, 2), date(2014, 1, 9)])
    '2014-01-01 to 2014-01-02, 2014-01-09'
    """
    starts = [day for before, day in pairwise([None, *days]) if before != _before(day)]
    ends = [
        day for day, after in pairwise([*days, None]) if day is not None and day != _before(after)
    ]
    ranges = [
        str(first) if first == last else f"{first} to {last}"
        for first, last in zip(starts, ends, strict=True)
    ]
    more = len(ranges) - most
    return ", ".join(ranges[:most]) + (f" and {more} more gaps" if more > 0 else "")


def _before(day: date | None) -> date | None:
    return None if day is None else day - timedelta(days=1)


def _numbers(folder: Path, key: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    matches = (re.fullmatch(rf"{key}=(\d+)", name) for name in names)
    return [match[1] for match in matches if match]
