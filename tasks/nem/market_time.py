"""Market time: NEM time, days and months of interval ends, AEMO's stamps.

NEM time is UTC+10 all year, without daylight saving. Every stamp is the **end** of its interval,
so a day D runs from D 00:00 (excluded) to D+1 00:00 (included): its last interval is stamped
00:00 of the next day. Months are made of days and bound alike; trading days are four hours later.

>>> day_bounds(date(2014, 1, 1))[1].isoformat()
'2014-01-02T00:00:00+10:00'
>>> market_day(parse_stamp("2014/02/01 00:00:00"))
datetime.date(2014, 1, 31)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Self

from nemflow.errors import BrokenFile

NEM_TIME = timezone(timedelta(hours=10), "AEST")

# Written into Parquet: an IANA name that polars, DuckDB and Spark read; UTC+10 without
# daylight saving since 1992, thus through the whole history of the market.
ARROW_ZONE = "Australia/Brisbane"

# The end of the last 30-minute trading interval; the next one ends five minutes later.
FIVE_MINUTE_SETTLEMENT = datetime(2021, 10, 1, tzinfo=NEM_TIME)

# A trading day begins four hours into the calendar day; daily reports hold trading days.
TRADING_DAY_START = timedelta(hours=4)

_STAMP = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d)(?::(\d\d))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month of market days; prints as ``2014-01``."""

    year: int
    month: int

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for a month or year that no calendar has."""
        date(self.year, self.month, 1)

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the month that holds `day`."""
        return cls(day.year, day.month)

    @property
    def first_day(self) -> date:
        """The 1st."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The 28th to 31st."""
        return self.next().first_day - timedelta(days=1)

    def days(self) -> Iterator[date]:
        """Yield every day of the month in order."""
        for number in range(1, self.last_day.day + 1):
            yield date(self.year, self.month, number)

    def next(self) -> "Month":
        """Return the month after this one."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> "Month":
        """Return the month before this one."""
        return Month.of(self.first_day - timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def utc_now() -> datetime:
    """Return the present instant, aware."""
    return datetime.now(UTC)


def today(now: datetime) -> date:
    """Return the market's date at the aware instant `now`."""
    if now.tzinfo is None:
        raise ValueError(f"{now} has no time zone; pass an aware datetime")
    return now.astimezone(NEM_TIME).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return D 00:00 (exclusive) and D+1 00:00 (inclusive), between which a day's ends lie."""
    start = datetime.combine(day, time(), NEM_TIME)
    return start, start + timedelta(days=1)


def month_bounds(month: Month) -> tuple[datetime, datetime]:
    """Return the 1st 00:00 (exclusive) and the next 1st 00:00 (inclusive).

    The second is the month's last interval end, in 5-minute and 30-minute files alike.
    """
    return day_bounds(month.first_day)[0], day_bounds(month.last_day)[1]


def market_day(interval_end: datetime) -> date:
    """Return the day that holds the interval ending at the aware instant `interval_end`."""
    return today(interval_end - timedelta(microseconds=1))


def trading_day(interval_end: datetime) -> date:
    """Return the trading day, 04:00 to 04:00, of the interval ending at the aware `interval_end`.

    >>> trading_day(parse_stamp("2019/05/16 04:00:00")), trading_day(parse_stamp("2019/05/16 04:05:00"))
    (datetime.date(2019, 5, 15), datetime.date(2019, 5, 16))
    """
    return market_day(interval_end - TRADING_DAY_START)


def trading_day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return D 04:00 (exclusive) and D+1 04:00 (inclusive), between which a trading day's ends lie."""
    start, end = day_bounds(day)
    return start + TRADING_DAY_START, end + TRADING_DAY_START


def trading_days_of(day: date) -> tuple[date, date]:
    """Return the two trading days that together hold a calendar day: the one before it, and its own."""
    return day - timedelta(days=1), day


def dispatch_interval(interval_end: datetime) -> str:
    """Return AEMO's DISPATCHINTERVAL: the trading day, and the number of the interval in it.

    >>> dispatch_interval(parse_stamp("2019/05/17 00:00:00"))
    '20190516240'
    """
    day = trading_day(interval_end)
    number = (interval_end - trading_day_bounds(day)[0]) // timedelta(minutes=5)
    return f"{day:%Y%m%d}{number:03}"


def interval_ends(day: date, minutes: int) -> list[datetime]:
    """Return the day's interval ends in order: 288 for 5 minutes, 48 for 30."""
    if minutes not in (5, 30):
        raise ValueError(f"an interval of {minutes} minutes: the market has 5 and 30")
    start, _ = day_bounds(day)
    return [start + timedelta(minutes=end) for end in range(minutes, 24 * 60 + 1, minutes)]


def parse_stamp(text: str) -> datetime:
    """Parse AEMO's ``2014/01/01 00:05:00`` (files of 1998: without seconds) as NEM time.

    Raises:
        BrokenFile: the text has another form, or names a time that does not exist.
    """
    match = _STAMP.fullmatch(text)
    if match is None:
        raise BrokenFile(f"{text!r} is not a stamp of AEMO's: expected YYYY/MM/DD HH:MM:SS")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=NEM_TIME)
    except ValueError as error:
        raise BrokenFile(f"{text!r} is not a time that exists: {error}") from None


def format_stamp(instant: datetime) -> str:
    """Return an aware instant as AEMO writes it: ``2014/01/01 00:05:00`` in NEM time."""
    return f"{instant.astimezone(NEM_TIME):%Y/%m/%d %H:%M:%S}"
