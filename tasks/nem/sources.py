"""Which published files hold a day: the sources, and the one ladder of them, best first.

* ``MMSDM``: monthly table files of all regions; single files from 2015.
* ``BUNDLE``: the same files of 2009-07 to 2014-12, kept only inside a month's 2 GB zip.
* ``PUBLIC_PRICES``, ``DAILY_REPORTS``: a file for each trading day; kept for 60 days, then in
  months of them for a year.
* ``DISPATCHIS``, ``TRADINGIS``: a file for each interval; kept for 2 and 14 days, then in days and
  weeks of them for a year.
* ``DISPATCH_REPORTS``: the older form of ``DISPATCHIS``, without price status and 1-second services.
* ``PRICE_AND_DEMAND``: a file for each region and month since 1998-12; energy price in cents.

A rung of the ladder is one shelf of a source with its times: when the files that hold the day are
usually published, when they count as overdue and when they are gone.
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from nemflow.errors import SettingsError
from nemflow.tasks.nem.feeds import (
    DAILY_REPORTS,
    DISPATCH_REPORTS,
    DISPATCHIS,
    PUBLIC_PRICES,
    TRADINGIS,
    Feed,
    Folder,
    Grain,
)
from nemflow.tasks.nem.market_time import Month, day_bounds, month_bounds
from nemflow.tasks.nem.tables import Table

MMSDM_FIRST_DAY = date(2015, 1, 1)
BUNDLE_FIRST_DAY = date(2009, 7, 1)

# Of 99 months half had come after 11 days and nine in ten after 23; the first took 6.6, the last 67.
_MONTH_USUAL = timedelta(days=11)
_MONTH_OVERDUE = timedelta(days=23)
# PRICE_AND_DEMAND grows daily, in the morning; a day that lacks after a week is a fault, not a delay.
_REGIONS_USUAL = timedelta(hours=6)
_REGIONS_OVERDUE = timedelta(days=7)
# Reports come by the clock: what is not there half a day later has been missed.
_REPORT_OVERDUE = timedelta(hours=8)
# Archives have come hours early, single files minutes.
_ARCHIVE_EARLY = timedelta(hours=12)
_CURRENT_EARLY = timedelta(minutes=15)
# No report is kept for so long: saves working out the times of each for old days.
_REPORTS_REACH = timedelta(days=500)


class Source(enum.StrEnum):
    """A kind of file that AEMO publishes market data in; reports have a CURRENT and an ARCHIVE folder."""

    MMSDM = "mmsdm"
    BUNDLE = "bundle"
    PUBLIC_PRICES = "public-prices"
    DAILY_REPORTS = "daily-reports"
    DISPATCHIS = "dispatchis"
    TRADINGIS = "tradingis"
    DISPATCH_REPORTS = "dispatch-reports"
    PRICE_AND_DEMAND = "price-and-demand"


class Quality(enum.StrEnum):
    """How settled the data of a day are."""

    LIVE = "live"  # from the reports of single intervals: may change within the half hour
    PRELIMINARY = "preliminary"  # from daily reports, or coarser than a source that is to come
    FINAL = "final"  # from the best source that AEMO ever publishes for the day


class Shelf(enum.StrEnum):
    """Where a source keeps a day's files."""

    CURRENT = "current"
    ARCHIVE = "archive"
    MONTH = "month"


REPORT_FEEDS: Mapping[Source, Feed] = MappingProxyType(
    {
        Source.PUBLIC_PRICES: PUBLIC_PRICES,
        Source.DAILY_REPORTS: DAILY_REPORTS,
        Source.DISPATCHIS: DISPATCHIS,
        Source.TRADINGIS: TRADINGIS,
        Source.DISPATCH_REPORTS: DISPATCH_REPORTS,
    }
)


@dataclass(frozen=True, slots=True)
class Rung:
    """One shelf of one source, as a place to get one day from.

    Args:
        quality: of the day's data if they are taken here.
        opens_at: before this it is not worth asking.
        usual_at: when the files are usually there.
        overdue_at: when they should have come long ago.
        closes_at: when the first of them is usually gone; None if they stay.
    """

    source: Source
    shelf: Shelf
    quality: Quality
    opens_at: datetime
    usual_at: datetime
    overdue_at: datetime
    closes_at: datetime | None = None

    @property
    def folder(self) -> Folder:
        """The folder of reports. Raises ``KeyError`` for a source of months."""
        feed = REPORT_FEEDS[self.source]
        return feed.current if self.shelf is Shelf.CURRENT else feed.archive


class Tabled(Protocol):
    """What the ladder needs of a data set: its tables by source, the best source first."""

    @property
    def tables(self) -> Mapping[Source, Table]:
        """The table that holds it in each source."""
        ...


def ladder(
    dataset: Tabled, day: date, now: datetime, forced: Source | None = None
) -> tuple[Rung, ...]:
    """Return where `day` of a data set can be had at the aware instant `now`, the best first.

    Rungs whose files are still to come are in it, those whose files are gone are not.

    Args:
        forced: the one source to use.

    Raises:
        SettingsError: the source forced does not reach to the day.
    """
    rungs = tuple(
        rung
        for rung in _all_rungs(dataset, day, now)
        if rung.closes_at is None or now < rung.closes_at
    )
    if forced is None:
        return rungs
    chosen = tuple(rung for rung in rungs if rung.source is forced)
    if not chosen:
        others = " or ".join(dict.fromkeys(f"--source {rung.source}" for rung in rungs))
        raise SettingsError(
            f"--source {forced} has nothing of {day}; use {others or 'another day'}"
        )
    return chosen


def _all_rungs(dataset: Tabled, day: date, now: datetime) -> Iterator[Rung]:
    months = {source for source in dataset.tables if _has_month(source, day)}
    best_is_to_come = bool(months - {Source.PRICE_AND_DEMAND})
    is_recent = now < day_bounds(day)[1] + _REPORTS_REACH
    for source, table in dataset.tables.items():
        if not table.is_published_of(day) or (source in REPORT_FEEDS and not is_recent):
            continue
        if source in REPORT_FEEDS:
            yield from _report_rungs(source, day)
        elif source is Source.PRICE_AND_DEMAND:
            quality = Quality.PRELIMINARY if best_is_to_come else Quality.FINAL
            yield _regions_rung(day, quality)
        elif source in months:
            yield _month_rung(source, day)


def _has_month(source: Source, day: date) -> bool:
    if source is Source.MMSDM:
        return day >= MMSDM_FIRST_DAY
    if source is Source.BUNDLE:
        return BUNDLE_FIRST_DAY <= day < MMSDM_FIRST_DAY
    return source is Source.PRICE_AND_DEMAND


def _month_rung(source: Source, day: date) -> Rung:
    end = month_bounds(Month.of(day))[1]
    return Rung(
        *(source, Shelf.MONTH, Quality.FINAL),
        opens_at=end,
        usual_at=end + _MONTH_USUAL,
        overdue_at=end + _MONTH_OVERDUE,
    )


def _regions_rung(day: date, quality: Quality) -> Rung:
    end = day_bounds(day)[1]
    return Rung(
        *(Source.PRICE_AND_DEMAND, Shelf.MONTH, quality),
        opens_at=end,
        usual_at=end + _REGIONS_USUAL,
        overdue_at=end + _REGIONS_OVERDUE,
    )


def _report_rungs(source: Source, day: date) -> tuple[Rung, Rung]:
    """Return the shelves of a report feed, the better first."""
    feed = REPORT_FEEDS[source]
    is_live = feed.current.grain is Grain.INTERVAL
    quality = Quality.LIVE if is_live else Quality.PRELIMINARY
    current = _report_rung(source, Shelf.CURRENT, feed.current, quality, day)
    archive = _report_rung(source, Shelf.ARCHIVE, feed.archive, Quality.PRELIMINARY, day)
    # Of the same files the small ones are taken; what was gathered later has all corrections.
    return (archive, current) if is_live else (current, archive)


def _report_rung(source: Source, shelf: Shelf, folder: Folder, quality: Quality, day: date) -> Rung:
    spans = folder.spans_of(day)
    # Days and weeks: the last file is needed only where the archive begins at 00:00.
    needed = spans[:1] if folder.grain in (Grain.DAY, Grain.WEEK) else spans
    usual_at = max(map(folder.published_at, needed))
    return Rung(
        *(source, shelf, quality),
        opens_at=usual_at - (_CURRENT_EARLY if shelf is Shelf.CURRENT else _ARCHIVE_EARLY),
        usual_at=usual_at,
        overdue_at=usual_at + _REPORT_OVERDUE,
        closes_at=_closing(folder, day),
    )


def _closing(folder: Folder, day: date) -> datetime:
    if folder.grain is Grain.INTERVAL:  # the day's first file is the first to go
        return day_bounds(day)[0] + folder.kept
    return min(map(folder.gone_at, folder.spans_of(day)))
