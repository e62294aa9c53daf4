"""Public_Prices and Daily_Reports: 60 trading days in CURRENT, twelve months of them in ARCHIVE."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nemflow.tasks.nem.market_time import (
    NEM_TIME,
    Month,
    day_bounds,
    today,
    trading_day_bounds,
)
from nemflow.tasks.nem.sandbox.daily_csv import (
    daily_written_at,
    directed_in_trading_day,
    public_daily_csv,
    public_prices_csv,
)
from nemflow.tasks.nem.sandbox.feeds import Feed, Issue
from nemflow.tasks.nem.sandbox.revisions import Edition
from nemflow.tasks.nem.sandbox.zips import Member, nested_zip, nested_zip_size, sized_zip

_DAY = timedelta(days=1)
_CURRENT_DAYS, _ARCHIVE_MONTHS = 60, 12
_ARCHIVED_AFTER = timedelta(hours=1, minutes=10)  # midnight


@dataclass(frozen=True, slots=True)
class DailyReport:
    """One kind of report of trading days.

    Args:
        folder: its folder in CURRENT and ARCHIVE.
        prefix: of its file names.
        csv: makes the report of a trading day.
        size: bytes of a zip, room included; `directed_size` more for each directed interval.
    """

    folder: str
    prefix: str
    csv: Callable[[date, Edition], bytes]
    size: int
    directed_size: int

    def current(self) -> Feed:
        """Return the folder of trading days."""
        return Feed(
            folder=f"CURRENT/{self.folder}",
            window=_current_window,
            following=lambda key: key + _DAY,
            issue=lambda key: self._of_day(today(key)),
        )

    def archive(self) -> Feed:
        """Return the folder of months."""
        return Feed(
            folder=f"ARCHIVE/{self.folder}",
            window=_archive_window,
            following=lambda key: day_bounds(Month.of(today(key)).next().first_day)[0],
            issue=lambda key: self._of_month(Month.of(today(key))),
        )

    def _of_day(self, day: date) -> Issue:
        written_at = daily_written_at(day)
        name = f"{self.prefix}_{day:%Y%m%d}0000_{written_at:%Y%m%d%H%M%S}.zip"
        jitter = day.toordinal() * 7_919 % 997
        size = self.size + self.directed_size * directed_in_trading_day(day) + jitter

        def make(edition: Edition) -> bytes:
            csv, stamp = self.csv(day, edition), edition.written_at(written_at)
            return sized_zip(name.removesuffix(".zip") + ".CSV", csv, stamp, size)

        return Issue(name, written_at, size, trading_day_bounds(day), make)

    def _of_month(self, month: Month) -> Issue:
        issues = [self._of_day(day) for day in month.days()]
        first, last = (trading_day_bounds(day) for day in (month.first_day, month.last_day))

        def make(edition: Edition) -> bytes:
            return nested_zip(
                Member(issue.name, issue.make(issue.edition(edition)), issue.published_at)
                for issue in issues
            )

        return Issue(
            f"{self.prefix}_{month.year}{month.month:02}01.zip",
            day_bounds(month.next().next().first_day)[0] + _ARCHIVED_AFTER,
            nested_zip_size((issue.name, issue.size) for issue in issues),
            (first[0], last[1]),
            make,
        )


PUBLIC_PRICES = DailyReport("Public_Prices", "PUBLIC_PRICES", public_prices_csv, 70_000, 190)
PUBLIC_DAILY = DailyReport("Daily_Reports", "PUBLIC_DAILY", public_daily_csv, 135_000, 380)


def _current_window(now: datetime) -> tuple[datetime, datetime]:
    """Return the newest 60 trading days that are published."""
    last = today(now) - _DAY
    if daily_written_at(last) > now:
        last -= _DAY
    first = last - (_CURRENT_DAYS - 1) * _DAY
    return day_bounds(first)[0], day_bounds(last)[0]


def _archive_window(now: datetime) -> tuple[datetime, datetime]:
    """Return the newest twelve months: each appears on the first day of the next month but one."""
    month = Month.of(now.astimezone(NEM_TIME)).previous().previous()
    if now < day_bounds(today(now).replace(day=1))[0] + _ARCHIVED_AFTER:
        month = month.previous()
    first = month
    for _ in range(_ARCHIVE_MONTHS - 1):
        first = first.previous()
    return day_bounds(first.first_day)[0], day_bounds(month.first_day)[0]
