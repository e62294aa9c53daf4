"""Prices that change after they were published, and what was known of them at an instant.

AEMO replaces prices within half an hour, now and then days later, and publishes whole months
anew. One record says all of that: from its instant on, every file of a day, month or bundle that
holds the day has the new prices, another creation stamp in its C line and another Last-Modified.
Reports of single intervals are never written again: they keep what was known when they appeared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from nemflow.tasks.nem.market_time import day_bounds
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.market import INTERVALS, day_prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Other prices for a day.

    Args:
        day: the market day whose prices change.
        at: the aware instant from which on they are known.
        regions: where they change.
        intervals: which of the day's 288; 0 ends at 00:05.
    """

    day: date
    at: datetime
    regions: tuple[str, ...] = REGIONS
    intervals: range = range(INTERVALS)

    @property
    def start(self) -> datetime:
        """When the first of the intervals begins."""
        return day_bounds(self.day)[0] + timedelta(minutes=5 * min(self.intervals))

    @property
    def end(self) -> datetime:
        """When the last of the intervals ends."""
        return day_bounds(self.day)[0] + timedelta(minutes=5 * max(self.intervals) + 5)


@dataclass(frozen=True, slots=True)
class Edition:
    """The market's prices as known after some revisions; equal editions make equal files."""

    revisions: tuple[Revision, ...] = ()

    @classmethod
    def at(cls, now: datetime, revisions: Iterable[Revision]) -> Self:
        """Return what is known at the aware instant `now`."""
        known = (revision for revision in revisions if revision.at <= now)
        return cls(tuple(sorted(known, key=lambda revision: revision.at)))

    def within(self, start: datetime, end: datetime) -> "Edition":
        """Return what concerns the intervals between two instants."""
        return Edition(tuple(r for r in self.revisions if r.start < end and r.end > start))

    def day_prices(self, region: str, day: date) -> list[int]:
        """Return the 288 prices of a market day in units, revised."""
        prices = day_prices(region, day)
        for revision in self._of(region, day):
            for index in revision.intervals:
                prices[index] = revised_price(prices[index])
        return prices

    def changed_at(self, region: str, day: date) -> Mapping[int, datetime]:
        """Return for each revised interval of a day when its price was changed last."""
        return {i: revision.at for revision in self._of(region, day) for i in revision.intervals}

    def written_at(self, first_written: datetime) -> datetime:
        """Return when a file that was first written at `first_written` was written last."""
        return max([first_written, *(revision.at for revision in self.revisions)])

    def _of(self, region: str, day: date) -> list[Revision]:
        return [r for r in self.revisions if r.day == day and region in r.regions]


ORIGINAL = Edition()


def revised_price(units: int) -> int:
    """Return what a price in units is revised to: never itself, nearer to zero."""
    revised = units * 7 // 8
    return revised if revised != units else units + 1
