"""Coverage: how each day of a data set stands, from one look at each folder; no data file is opened.

A file that is there is whole by construction, so its name is enough. What only the history knows (that
a day failed, how many rows a file was given) comes in as arguments, for it is advice.
"""

import enum
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from nemflow.flows.nem.places import clean_month, clean_target, raw_target
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.market_time import Month, today
from nemflow.tasks.nem.regions import REGIONS, regions_on
from nemflow.tasks.nem.sources import Quality, ladder

STAGES = ("raw", "clean")

_SMALLEST = 12  # bytes of a Parquet file: both magics and the length between them
_DAY = timedelta(days=1)
_LATEST_TO_COME = timedelta(days=100)  # what is older is published, or never will be
_STANDING = ".standing.json"


class DayStatus(enum.StrEnum):
    """How a day stands."""

    FINAL = "final"
    PRELIMINARY = "preliminary"
    LIVE = "live"
    ODD = "odd number of rows"
    STALE = "stale"  # its raw file is newer than its clean one
    FAILED = "failed"
    MISSING = "missing"
    NOT_PUBLISHED = "not published yet"

    @property
    def is_there(self) -> bool:
        """Whether the day has a file."""
        return self not in (DayStatus.FAILED, DayStatus.MISSING, DayStatus.NOT_PUBLISHED)

    @property
    def asks_for_work(self) -> bool:
        """Whether there is something to do about it."""
        return self in (DayStatus.ODD, DayStatus.STALE, DayStatus.FAILED, DayStatus.MISSING)


@dataclass(frozen=True, slots=True)
class Written:
    """What the history says that a file was given.

    Args:
        rows: in the file.
        size: of the file in bytes.
    """

    rows: int | None
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the history knows; nothing, if there is none.

    Args:
        failures: the sentence on each day whose last run failed, by stage and day.
        written: of files, by their path.
    """

    failures: Mapping[tuple[str, date], str] = field(default_factory=dict)
    written: Mapping[str, Written] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gap:
    """Neighbouring days that one thing is to be done about.

    Args:
        first, last: the days, both included.
    """

    first: date
    last: date
    status: DayStatus

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the days of one stage of a data set stand, in order."""

    dataset: str
    stage: str
    days: Mapping[date, DayStatus]

    def totals(self) -> Counter[DayStatus]:
        """Return how many days stand how."""
        return Counter(self.days.values())

    def gaps(self) -> Iterator[Gap]:
        """Yield the stretches of days that ask for work, in order."""
        first: date | None = None
        last = date.min
        found = DayStatus.FINAL
        for day, status in self.days.items():
            if first is not None and (status is not found or day - last > _DAY):
                yield Gap(first, last, found)
                first = None
            if first is None and status.asks_for_work:
                first, found = day, status
            last = day
        if first is not None:
            yield Gap(first, last, found)


@dataclass(slots=True)
class _Found:
    """One day's file, as its folder shows it."""

    path: str
    facts: os.stat_result
    is_month: bool = False


def read_coverage(
    data_dir: Path,
    dataset: Dataset,
    first: date,
    last: date,
    now: datetime,
    known: Known | None = None,
) -> dict[str, Coverage]:
    """Return how the days from `first` to `last` stand, by stage.

    Args:
        now: decides what can be published, aware.
        known: what the history says.
    """
    known = known or Known()
    found: dict[str, dict[date, _Found]] = {}
    standings: dict[str, dict[date, str]] = {}
    for stage, look in _LOOKS.items():
        found[stage], standings[stage] = look(data_dir, dataset.name, first, last)
    coverage = {}
    for stage in STAGES:
        days = {
            day: _status(stage, day, found, standings[stage], dataset, now, known)
            for day in _days(first, last)
        }
        coverage[stage] = Coverage(dataset.name, stage, days)
    return coverage


def _status(
    stage: str,
    day: date,
    found: Mapping[str, Mapping[date, _Found]],
    standings: Mapping[date, str],
    dataset: Dataset,
    now: datetime,
    known: Known,
) -> DayStatus:
    file = found[stage].get(day)
    if file is None:
        if (stage, day) in known.failures:
            return DayStatus.FAILED
        return DayStatus.NOT_PUBLISHED if _is_to_come(dataset, day, now) else DayStatus.MISSING
    if not file.is_month and _is_odd(file, day, known.written.get(file.path)):
        return DayStatus.ODD
    raw = found["raw"].get(day)
    if stage == "clean" and raw is not None and raw.facts.st_mtime > file.facts.st_mtime:
        return DayStatus.STALE
    if day in standings:
        return _quality(standings[day])
    return DayStatus.FINAL


def _is_odd(file: _Found, day: date, written: Written | None) -> bool:
    if written is None:
        return False
    if written.size is not None and written.size != file.facts.st_size:
        return True
    return (
        written.rows is not None and "clean" in file.path and written.rows not in _usual_rows(day)
    )


def _usual_rows(day: date) -> set[int]:
    regions = len(regions_on(day))
    is_partial = regions_on(day - _DAY) != regions_on(day)  # a region begins within the day
    usual = {regions * 288, regions * 48}
    return set(range(len(REGIONS) * 288 + 1)) if is_partial else usual


def _is_to_come(dataset: Dataset, day: date, now: datetime) -> bool:
    """Tell whether nothing has the day yet, by the usual times."""
    if today(now) - day > _LATEST_TO_COME:
        return False
    rungs = ladder(dataset, day, now)
    return bool(rungs) and all(now < rung.usual_at for rung in rungs)


def _quality(path: str) -> DayStatus:
    try:
        with open(path, encoding="utf-8") as file:
            is_live = json.load(file)["quality"] == Quality.LIVE
    except (OSError, ValueError, KeyError, TypeError):
        is_live = False  # a standing that cannot be read still says that the day is not final
    return DayStatus.LIVE if is_live else DayStatus.PRELIMINARY


def _raw_files(
    data_dir: Path, dataset: str, first: date, last: date
) -> tuple[dict[date, _Found], dict[date, str]]:
    found: dict[date, _Found] = {}
    standings: dict[date, str] = {}
    for year in range(first.year, last.year + 1):
        _look(data_dir, raw_target(dataset), date(year, 1, 1), found, standings)
    return found, standings


def _clean_files(
    data_dir: Path, dataset: str, first: date, last: date
) -> tuple[dict[date, _Found], dict[date, str]]:
    found: dict[date, _Found] = {}
    standings: dict[date, str] = {}
    month = Month.of(first)
    while month <= Month.of(last):
        whole = os.path.join(data_dir, clean_month(dataset).format(date=month.first_day))
        _look(data_dir, clean_target(dataset), month.first_day, found, standings)
        if os.path.basename(whole) in _names(os.path.dirname(whole)):
            facts = os.stat(whole)
            found.update((day, _Found(whole, facts, is_month=True)) for day in month.days())
        month = month.next()
    return found, standings


_Look = Callable[[Path, str, date, date], tuple[dict[date, _Found], dict[date, str]]]
_LOOKS: Mapping[str, _Look] = {"raw": _raw_files, "clean": _clean_files}


def _names(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return set()


def _look(
    data_dir: Path, template: str, day: date, found: dict[date, _Found], standings: dict[date, str]
) -> None:
    """Add the day files and standings of one folder."""
    example = template.format(date=day)
    folder = os.path.join(data_dir, os.path.dirname(example))
    before, _, after = os.path.basename(example).partition(day.isoformat())
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = entry.name
        is_standing = name.startswith(f".{before}") and name.endswith(after + _STANDING)
        if is_standing:
            text = name[len(before) + 1 : len(before) + 11]
        elif name.startswith(before) and name.endswith(after):
            text = name[len(before) : len(name) - len(after)]
        else:
            continue
        try:
            found_day = date.fromisoformat(text)
        except ValueError:
            continue
        if is_standing:
            standings[found_day] = entry.path
            continue
        facts = entry.stat()
        if facts.st_size >= _SMALLEST:
            found[found_day] = _Found(entry.path, facts)


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += _DAY
