"""The report feeds of NEMweb: one frozen record each, with its two folders below ``/Reports/``.

A feed's newest files lie in ``CURRENT``, small and many; later they are gathered into the zips of
``ARCHIVE``, which hold those very files, each a zip of its own. Names carry the span of a file and
a stamp or sequence number of its issue; of several files of one span the greatest is the latest.
Spans, windows and hours are those of real listings of 2026-04-20.

>>> PUBLIC_PRICES.current.recognize("PUBLIC_PRICES_202602190000_20260220040502.zip").span.key
'2026-02-19'
"""

import enum
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nemflow.tasks.nem.market_time import (
    NEM_TIME,
    Month,
    day_bounds,
    trading_day_bounds,
    trading_days_of,
)

_DAY = timedelta(days=1)


class Grain(enum.StrEnum):
    """What one file of a folder spans."""

    INTERVAL = "interval"
    TRADING_DAY = "trading-day"  # 04:05 to 04:00, named by its first date
    DAY = "day"
    WEEK = "week"  # Sunday to Saturday
    MONTH = "month"  # of trading days


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The interval ends that one published file holds, from `start` (excluded) to `end`.

    `key` names it in the archive: ``2026-02-19``, ``2026-02``, or an interval's end.
    """

    start: datetime
    end: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Name:
    """What a file's name says: its span, and a number that is greater the later it was issued."""

    span: Span
    issue: int


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of a feed.

    Args:
        path: below the base URL, as its listings write it.
        grain: what one file spans.
        stem: regular expression of the names without suffix: groups `start` and, mostly, `issue`.
        kept: how long a file stays there after its publication.
        nested: its zips hold zips, each a file as it once lay in ``CURRENT``.
    """

    path: str
    grain: Grain
    stem: str
    kept: timedelta
    nested: bool = False

    def recognize(self, name: str) -> Name | None:
        """Return what a file's name says, whatever its case; None if it is none of this folder."""
        match = re.fullmatch(rf"(?:{self.stem})\.(?:zip|csv)", name, re.ASCII | re.IGNORECASE)
        if match is None:
            return None
        try:
            span = _span_named(self.grain, match["start"])
        except ValueError:  # a date that no calendar has
            return None
        return Name(span, int(match.groupdict().get("issue") or 0))

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """Return the spans that together hold the calendar `day`, in order.

        Of single intervals the day itself is given: they are kept together. An archive of days or
        weeks may begin at 00:00 or at 00:05; then the file of the next date holds the last
        interval, and is given too, to be fetched if it is needed.
        """
        if self.grain is Grain.INTERVAL:
            return (_calendar_day(day),)
        if self.grain is Grain.DAY:
            return (_calendar_day(day), _calendar_day(day + _DAY))
        if self.grain is Grain.TRADING_DAY:
            return tuple(_trading_day(date) for date in trading_days_of(day))
        if self.grain is Grain.WEEK:
            return tuple(dict.fromkeys((_week(day), _week(day + _DAY))))
        months = dict.fromkeys((Month.of(day - _DAY), Month.of(day)))
        return tuple(_month(month) for month in months)

    def published_at(self, span: Span) -> datetime:
        """Return when a file is usually there."""
        if self.grain is Grain.INTERVAL:
            return span.end
        if self.grain is Grain.TRADING_DAY:
            return span.end + timedelta(minutes=7)
        if self.grain is Grain.DAY:  # about 01:00 two days later
            return span.end + timedelta(days=1, hours=1, minutes=15)
        if self.grain is Grain.WEEK:  # on Sunday, eight days after the last of the week
            return span.end + timedelta(days=7, hours=1, minutes=15)
        after = Month.of(span.end.date()).next()  # on the 1st of the month after the next
        return day_bounds(after.first_day)[0] + timedelta(hours=1, minutes=30)

    def gone_at(self, span: Span) -> datetime:
        """Return when a file is usually there no more."""
        return self.published_at(span) + self.kept


@dataclass(frozen=True, slots=True)
class Feed:
    """One report feed: its name, as in its folders, and the two."""

    name: str
    current: Folder
    archive: Folder


def _span_named(grain: Grain, text: str) -> Span:
    stamp = text.ljust(12, "0")
    start = datetime.strptime(stamp, "%Y%m%d%H%M").replace(tzinfo=NEM_TIME)
    if grain is Grain.INTERVAL:
        # The name has the interval's end; five minutes hold for all that lies there today.
        return Span(start - timedelta(minutes=5), start, f"{start:%Y-%m-%d_%H%M}")
    if grain is Grain.TRADING_DAY:
        return _trading_day(start.date())
    if grain is Grain.DAY:
        return _calendar_day(start.date())
    if grain is Grain.WEEK:
        return _week(start.date())
    return _month(Month.of(start.date()))


def _calendar_day(day: date) -> Span:
    start, end = day_bounds(day)
    return Span(start, end, day.isoformat())


def _trading_day(day: date) -> Span:
    start, end = trading_day_bounds(day)
    return Span(start, end, day.isoformat())


def _week(day: date) -> Span:
    sunday = day - timedelta(days=day.isoweekday() % 7)
    start = day_bounds(sunday)[0]
    return Span(start, start + timedelta(days=7), f"{sunday}_{sunday + timedelta(days=6)}")


def _month(month: Month) -> Span:
    start = _trading_day(month.first_day).start
    return Span(start, _trading_day(month.last_day).end, str(month))


def _current(name: str, grain: Grain, stem: str, *, days: int) -> Folder:
    return Folder(f"Reports/CURRENT/{name}/", grain, stem, timedelta(days=days))


def _archive(name: str, grain: Grain, stem: str, *, days: int) -> Folder:
    return Folder(f"Reports/ARCHIVE/{name}/", grain, stem, timedelta(days=days), nested=True)


PUBLIC_PRICES = Feed(
    "Public_Prices",
    _current(
        *("Public_Prices", Grain.TRADING_DAY),
        r"PUBLIC_PRICES_(?P<start>\d{8})0000_(?P<issue>\d{14,16})",
        days=60,
    ),
    _archive("Public_Prices", Grain.MONTH, r"PUBLIC_PRICES_(?P<start>\d{6}01)", days=365),
)
DAILY_REPORTS = Feed(
    "Daily_Reports",
    _current(
        *("Daily_Reports", Grain.TRADING_DAY),
        r"PUBLIC_DAILY_(?P<start>\d{8})0000_(?P<issue>\d{14,16})",
        days=60,
    ),
    _archive("Daily_Reports", Grain.MONTH, r"PUBLIC_DAILY_(?P<start>\d{6}01)", days=365),
)
DISPATCHIS = Feed(
    "DispatchIS_Reports",
    _current(
        *("DispatchIS_Reports", Grain.INTERVAL),
        r"PUBLIC_DISPATCHIS_(?P<start>\d{12})_(?P<issue>\d{10,20})",
        days=2,
    ),
    _archive("DispatchIS_Reports", Grain.DAY, r"PUBLIC_DISPATCHIS_(?P<start>\d{8})", days=374),
)
TRADINGIS = Feed(
    "TradingIS_Reports",
    _current(
        *("TradingIS_Reports", Grain.INTERVAL),
        r"PUBLIC_TRADINGIS_(?P<start>\d{12})_(?P<issue>\d{10,20})",
        days=14,
    ),
    _archive(
        *("TradingIS_Reports", Grain.WEEK),
        r"PUBLIC_TRADINGIS_(?P<start>\d{8})_(?:\d{8})",
        days=371,
    ),
)
# Its names end in _LEGACY; that was seen to go in May 2026.
DISPATCH_REPORTS = Feed(
    "Dispatch_Reports",
    _current(
        *("Dispatch_Reports", Grain.INTERVAL),
        r"PUBLIC_DISPATCH_(?P<start>\d{12})_(?P<issue>\d{14,16})(?:_LEGACY)?",
        days=2,
    ),
    _archive("Dispatch_Reports", Grain.DAY, r"PUBLIC_DISPATCH_(?P<start>\d{8})", days=374),
)
FEEDS = (PUBLIC_PRICES, DAILY_REPORTS, DISPATCHIS, TRADINGIS, DISPATCH_REPORTS)
