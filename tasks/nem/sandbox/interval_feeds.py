"""The reports of single intervals: files of one in CURRENT, of a day or a week of them in ARCHIVE.

DispatchIS_Reports, its older form Dispatch_Reports, and TradingIS_Reports.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from nemflow.tasks.nem.market_time import (
    FIVE_MINUTE_SETTLEMENT,
    NEM_TIME,
    day_bounds,
    today,
)
from nemflow.tasks.nem.sandbox.dispatch_csv import dispatch_csv
from nemflow.tasks.nem.sandbox.dispatchis_csv import dispatchis_csv
from nemflow.tasks.nem.sandbox.feeds import Feed, Issue
from nemflow.tasks.nem.sandbox.intervals import Interval, interval_ending
from nemflow.tasks.nem.sandbox.revisions import Edition
from nemflow.tasks.nem.sandbox.tradingis_csv import tradingis_csv
from nemflow.tasks.nem.sandbox.zips import Member, nested_zip, nested_zip_size, sized_zip

_FIVE, _THIRTY, _DAY = timedelta(minutes=5), timedelta(minutes=30), timedelta(days=1)
_SUNDAY = 6
_ARCHIVED_AFTER = timedelta(hours=1, minutes=1)  # midnight


@dataclass(frozen=True, slots=True)
class IntervalReport:
    """One kind of report of single intervals.

    Args:
        folder: its folder in CURRENT and ARCHIVE.
        prefix: of its file names.
        csv: makes the report of an interval.
        has_half_hours: whether intervals had 30 minutes up to 2021-10-01 00:00.
        size: bytes of a zip, room included.
        current_days: how long a file stays in CURRENT.
        archive_days: how many days one file of ARCHIVE holds, 1 or 7 from Sunday on.
        archive_files: how many of them ARCHIVE keeps.
        has_duplicates: whether CURRENT has a folder DUPLICATE.
        legacy: names have the second of writing in place of a number, and end in ``_LEGACY``.
    """

    folder: str
    prefix: str
    csv: Callable[[Interval, int], bytes]
    has_half_hours: bool
    size: int
    current_days: int
    archive_days: int
    archive_files: int
    has_duplicates: bool
    legacy: bool = False

    def current(self) -> Feed:
        """Return the folder of single intervals."""
        return Feed(
            folder=f"CURRENT/{self.folder}",
            window=self._current_window,
            following=self._following,
            issue=self._of_interval,
            has_duplicates=self.has_duplicates,
        )

    def archive(self, *, by_stamp: bool) -> Feed:
        """Return the folder of days or weeks.

        Args:
            by_stamp: a day has the stamps 00:00 to 23:55 rather than 00:05 to 00:00. It is not
                known which of the two AEMO's files have.
        """
        return Feed(
            folder=f"ARCHIVE/{self.folder}",
            window=self._archive_window,
            following=lambda key: key + self.archive_days * _DAY,
            issue=lambda key: self._of_days(key, by_stamp=by_stamp),
        )

    def _minutes(self, end: datetime) -> int:
        return 30 if self.has_half_hours and end <= FIVE_MINUTE_SETTLEMENT else 5

    def _following(self, end: datetime) -> datetime:
        is_long = self.has_half_hours and end < FIVE_MINUTE_SETTLEMENT
        return end + (_THIRTY if is_long else _FIVE)

    def _current_window(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the newest interval that was run, and the one so many days before it."""
        local = now.astimezone(NEM_TIME).replace(second=0, microsecond=0)
        last = local - timedelta(minutes=local.minute % 5) + _FIVE
        if interval_ending(last, 5).written_at > now:
            last -= _FIVE
        return self._on_grid(last - self.current_days * _DAY), self._on_grid(last)

    def _on_grid(self, end: datetime) -> datetime:
        return end - timedelta(minutes=end.minute % self._minutes(end))

    def _of_interval(self, end: datetime) -> Issue:
        which, number = interval_ending(end, self._minutes(end)), _number(self.prefix, end)
        issue = f"{which.written_at:%Y%m%d%H%M%S}_LEGACY" if self.legacy else f"{number:016}"
        stem = f"{self.prefix}_{end:%Y%m%d%H%M}_{issue}"

        def make(edition: Edition) -> bytes:
            stamp = which.written_at - timedelta(seconds=1)
            return sized_zip(f"{stem}.CSV", self.csv(which, number), stamp, self.size)

        return Issue(f"{stem}.zip", which.written_at, self.size, None, make)

    def _archive_window(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the newest files: a day two days later, a week on the Sunday after the next."""
        midnight = day_bounds(today(now))[0]
        if now < midnight + _ARCHIVED_AFTER:
            midnight -= _DAY
        if self.archive_days == 7:
            midnight -= (midnight.weekday() - _SUNDAY) % 7 * _DAY
        last = midnight - self._archived_after_days * _DAY
        return last - (self.archive_files - 1) * self.archive_days * _DAY, last

    @property
    def _archived_after_days(self) -> int:
        return 2 * self.archive_days  # 14 days after a week begins: 8 after it ends

    def _of_days(self, start: datetime, *, by_stamp: bool) -> Issue:
        days = [start + number * _DAY for number in range(self.archive_days)]
        name = "_".join([self.prefix, *(f"{day:%Y%m%d}" for day in sorted({days[0], days[-1]}))])

        def make(edition: Edition) -> bytes:
            issues = map(self._of_interval, self._ends(start, by_stamp=by_stamp))
            return nested_zip(
                Member(issue.name, issue.make(edition), issue.published_at) for issue in issues
            )

        count = sum(24 * 60 // self._minutes(day + _THIRTY) for day in days)
        example = self._of_interval(start)
        size = nested_zip_size([(example.name, example.size)] * count)
        published_at = start + self._archived_after_days * _DAY + _ARCHIVED_AFTER
        return Issue(f"{name}.zip", published_at, size, None, make)

    def _ends(self, start: datetime, *, by_stamp: bool) -> Iterable[datetime]:
        stop = start + self.archive_days * _DAY
        end = start if by_stamp else self._following(start)
        while end < stop if by_stamp else end <= stop:
            yield end
            end = self._following(end)


DISPATCHIS = IntervalReport(
    folder="DispatchIS_Reports",
    prefix="PUBLIC_DISPATCHIS",
    csv=dispatchis_csv,
    has_half_hours=False,
    size=4_500,
    current_days=2,
    archive_days=1,
    archive_files=375,
    has_duplicates=False,
)
DISPATCH_REPORTS = IntervalReport(
    folder="Dispatch_Reports",
    prefix="PUBLIC_DISPATCH",
    csv=dispatch_csv,
    has_half_hours=False,
    size=3_000,
    current_days=2,
    archive_days=1,
    archive_files=375,
    has_duplicates=True,
    legacy=True,
)
TRADINGIS = IntervalReport(
    folder="TradingIS_Reports",
    prefix="PUBLIC_TRADINGIS",
    csv=tradingis_csv,
    has_half_hours=True,
    size=1_000,
    current_days=14,
    archive_days=7,
    archive_files=54,
    has_duplicates=True,
)


def _number(prefix: str, end: datetime) -> int:
    """Return the number of a file, as AEMO counts them: it grows with time."""
    return int(end.timestamp()) // 300 * 600 + len(prefix)
