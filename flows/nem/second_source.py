"""Prices against a second source of the same prices, exactly: both have at most five decimals.

Up to the interval that ends at 2021-10-01 00:00 a trading price is the mean of the six dispatch
prices of its half hour, after that it is the dispatch price; either rounded half up to cents, as
PRICE_AND_DEMAND has it too (which way a negative half goes is not known, so both pass).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from nemflow.tasks.nem.market_time import NEM_TIME

_SCALE = 100_000  # five decimals
_CENT = _SCALE // 100
_FIVE_MINUTES, _HALF_HOUR = 300, 1800

Price = tuple[int, str]
"""The end of an interval in seconds since 1970, and a region."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The first of the intervals for which two sources do not agree, and how many these are."""

    intervals: int
    compared: int
    interval_end: datetime
    region: str
    price: float
    other: float

    def __str__(self) -> str:
        return (
            f"{self.intervals:,} of {self.compared:,} prices disagree, the first at "
            f"{self.interval_end:%Y-%m-%d %H:%M} in {self.region}: {self.price:g} here, "
            f"{self.other:g} there"
        )


def prices_of(
    ends: Iterable[datetime], regions: Iterable[str], values: Iterable[float]
) -> dict[Price, int]:
    """Return prices by interval and region, in hundred-thousandths."""
    return {
        (int(end.timestamp()), region): round(value * _SCALE)
        for end, region, value in zip(ends, regions, values, strict=True)
    }


def clean_prices(table: pa.Table) -> dict[Price, int]:
    """Return the energy prices of a clean table."""
    columns: list[Any] = [table[name].to_pylist() for name in ("interval_end", "region", "rrp")]
    return prices_of(*columns)


def disagreement(
    dispatch: dict[Price, int], other: dict[Price, int], minutes: int
) -> Disagreement | None:
    """Return where 5-minute prices and those of a second source do not agree; None if they do.

    Intervals that only one of them has are left out.

    Args:
        minutes: of an interval of the second source: 5 or 30.
    """
    ours = dispatch if minutes * 60 == _FIVE_MINUTES else _half_hours(dispatch)
    parts = minutes * 60 // _FIVE_MINUTES
    both = sorted(ours.keys() & other.keys())
    # sums, so that nothing is rounded before it is compared
    wrong = [key for key in both if abs(ours[key] - parts * other[key]) > parts * _CENT // 2]
    if not wrong:
        return None
    end, region = wrong[0]
    return Disagreement(
        len(wrong),
        len(both),
        datetime.fromtimestamp(end, NEM_TIME),
        region,
        ours[wrong[0]] / parts / _SCALE,
        other[wrong[0]] / _SCALE,
    )


def _half_hours(dispatch: dict[Price, int]) -> dict[Price, int]:
    """Return the sum of the six prices of each half hour that has them all."""
    sums: dict[Price, int] = {}
    counts: dict[Price, int] = {}
    for (end, region), price in dispatch.items():
        key = (-(-end // _HALF_HOUR) * _HALF_HOUR, region)
        sums[key] = sums.get(key, 0) + price
        counts[key] = counts.get(key, 0) + 1
    return {key: total for key, total in sums.items() if counts[key] == 6}
