"""Prices against a second source of the same prices, exactly: all have at most five decimals.

Up to the interval that ends at 2021-10-01 00:00 a trading price is the mean of the six dispatch
prices of its half hour, after that it is the dispatch price; either rounded half up to cents, as
PRICE_AND_DEMAND has it too (which way a negative half goes is not known, so both pass). After it an
average price is the mean of six trading prices; whether AEMO takes it of prices in cents, and rounds it
to cents, is not known, so what both can shift it by passes: a cent.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from nemflow import parquet
from nemflow.errors import UnreadableTarget
from nemflow.flows.nem.on_disk import look
from nemflow.tasks.nem.datasets import NEM_AVERAGE_PRICES, NEM_PRICES, NEM_TRADING_PRICES, Dataset
from nemflow.tasks.nem.day_slices import split_clean_days
from nemflow.tasks.nem.market_time import NEM_TIME, Month, parse_stamp
from nemflow.tasks.nem.price_demand import read_region_day
from nemflow.tasks.nem.regions import regions_on
from nemflow.tasks.nem.slots import region_slot
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.tables import PRICE_AND_DEMAND, STAMP

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


def comparisons(
    rows: pa.Table, dataset: Dataset, day: date, data_dir: Path
) -> Iterator[tuple[str, Disagreement | None]]:
    """Yield each second source of a clean day that is here, by name, and where it does not agree.

    Average prices have trading prices beside them, 5-minute dispatch prices also PRICE_AND_DEMAND.
    """
    sources = rows["source"].unique().to_pylist()
    is_other = any(str(s).endswith(Source.PRICE_AND_DEMAND) for s in sources)
    if dataset is NEM_AVERAGE_PRICES:
        trading = _trading_prices(data_dir, day)
        if trading is not None and trading[1] == 5:
            yield NEM_TRADING_PRICES.name, average_disagreement(clean_prices(rows), trading[0])
    elif dataset is NEM_PRICES and _minutes_of(rows) == 5 and not is_other:
        prices = clean_prices(rows)
        for name, other, minutes in _of_dispatch(data_dir, day):
            yield name, disagreement(prices, other, minutes)


def average_disagreement(
    averages: dict[Price, int], trading: dict[Price, int]
) -> Disagreement | None:
    """Return where average prices and 5-minute trading prices do not agree; None if they do."""
    found = disagreement(trading, averages, 30, off=_CENT)
    return None if found is None else replace(found, price=found.other, other=found.price)


def disagreement(
    dispatch: dict[Price, int], other: dict[Price, int], minutes: int, off: int = _CENT // 2
) -> Disagreement | None:
    """Return where 5-minute prices and those of a second source do not agree; None if they do.

    Intervals that only one of them has are left out.

    Args:
        minutes: of an interval of the second source: 5 or 30.
        off: how far apart prices may be that agree, in hundred-thousandths.
    """
    ours = dispatch if minutes * 60 == _FIVE_MINUTES else _half_hours(dispatch)
    parts = minutes * 60 // _FIVE_MINUTES
    both = sorted(ours.keys() & other.keys())
    # sums, so that nothing is rounded before it is compared
    wrong = [key for key in both if abs(ours[key] - parts * other[key]) > parts * off]
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


def _of_dispatch(data_dir: Path, day: date) -> Iterator[tuple[str, dict[Price, int], int]]:
    """Yield the second sources of dispatch prices that are here, and the minutes that each has."""
    trading = _trading_prices(data_dir, day)
    if trading is not None:
        yield NEM_TRADING_PRICES.name, *trading
    found = _region_prices(data_dir, day)
    if found:
        yield PRICE_AND_DEMAND.name, found, PRICE_AND_DEMAND.minutes_on(day)


def _trading_prices(data_dir: Path, day: date) -> tuple[dict[Price, int], int] | None:
    """Return the trading prices of a day and how many minutes each holds; None if they are not here."""
    file = look(data_dir, NEM_TRADING_PRICES.name, "clean", day, day).files.get(day)
    if file is None:
        return None
    try:
        table = split_clean_days(parquet.read_table(file.path))[day]
        return clean_prices(table), _minutes_of(table)
    except (UnreadableTarget, KeyError):
        return None  # told where that data set is verified


def _region_prices(data_dir: Path, day: date) -> dict[Price, int]:
    """Return the prices of a day in those files of PRICE_AND_DEMAND that the archive has."""
    found: dict[Price, int] = {}
    for region in regions_on(day):
        slot = region_slot(region, Month.of(day))
        path = data_dir / "archive" / slot.folder / slot.names[0]
        if path.exists():
            rows = read_region_day(path.read_bytes(), region, day, file=path.name)
            ends = [parse_stamp(str(stamp)) for stamp in rows[STAMP].to_pylist()]
            values = [float(str(value)) for value in rows["RRP"].to_pylist()]
            found.update(prices_of(ends, [region] * len(ends), values))
    return found


def _minutes_of(rows: pa.Table) -> int:
    return int(rows["resolution_minutes"][0].as_py())
