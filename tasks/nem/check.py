"""Quality gates on one day: is every interval of every region there, and is every price possible.

The raw gate looks at AEMO's text, the clean gate at our own table. A whole day passes by a quick look
at whole columns (`whole_day`); of any other all that is wrong is said at once. Prices beyond the
market's limits only warn: what AEMO published is kept.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from nemflow.errors import BrokenFile, IncompleteDay
from nemflow.tasks.nem.arrow_values import least_and_greatest, number
from nemflow.tasks.nem.csv_rows import texts_of
from nemflow.tasks.nem.datasets import Dataset, Run
from nemflow.tasks.nem.limits import ENERGY_FLOOR, FCAS_FLOOR, limits_on
from nemflow.tasks.nem.market_time import NEM_TIME, day_bounds, interval_ends, parse_stamp
from nemflow.tasks.nem.regions import first_interval_end, is_known_region, regions_on
from nemflow.tasks.nem.tables import INTERVENTION, Table
from nemflow.tasks.nem.whole_day import is_whole_clean_day, is_whole_raw_day

_MOST_LISTED = 5


def check_raw_day(
    rows: pa.Table, dataset: Dataset, table: Table, day: date, *, regions: Sequence[str]
) -> None:
    """Check that `rows` hold a value for every interval of `day` in every one of `regions`.

    Where the table numbers the intervals as well, no row's number may be that of another stamp.
    Only rows that the clean stage can take count: where they must be of the pricing run,
    INTERVENTION is 0; the column of the data set's value is not empty.

    Args:
        rows: the day's rows as text, AEMO's columns, from one or more files of `table`.
        dataset: what the rows are kept for.
        table: what the rows are of.
        day: the market day.
        regions: the regions that must be there; each begins with its first interval.

    Raises:
        IncompleteDay: intervals missing, unknown regions, stamps off the grid or not of the day,
            numbers that are not those of their stamps.
    """
    if is_whole_raw_day(rows, dataset, table, day, regions):
        return
    minutes = table.minutes_on(day)
    names = texts_of(rows[table.region_column])
    stamps = texts_of(rows[table.stamp])
    ends = {stamp: _parse_or_none(stamp) for stamp in set(stamps)}
    strange = [stamp for stamp, end in sorted(ends.items()) if not _is_of(end, day, minutes)]
    is_usable = [bool(value) for value in texts_of(rows[dataset.value_in(table)])]
    if table.has_runs and dataset.run is Run.PRICING:
        runs = texts_of(rows[INTERVENTION])
        is_usable = [ok and run == "0" for ok, run in zip(is_usable, runs, strict=True)]
    valued = {
        (name, ends[stamp]) for name, stamp, ok in zip(names, stamps, is_usable, strict=True) if ok
    }
    faults = [
        *_missing(valued, day, minutes, regions),
        *_unknown(set(names).difference(table.parts), day),
        *_listed("stamps are no interval end of the day", strange),
        *_period_faults(rows, table, day, ends),
    ]
    _raise_if_any(faults, f"{table.name} of {day}")


def check_clean_day(table: pa.Table, dataset: Dataset, day: date) -> None:
    """Check the clean table of `day`: whole, sorted by interval end and region, a value in each row.

    288 rows for each region (48 of half hours), one of each interval and region.

    Raises:
        IncompleteDay: listing all that is wrong.
    """
    if is_whole_clean_day(table, dataset, day):
        return
    subject = f"The clean table of {day}"
    resolutions = table["resolution_minutes"].unique().to_pylist()
    if len(resolutions) != 1 or resolutions[0] not in (5, 30):
        raise IncompleteDay(f"{subject} should have one resolution, 5 or 30, not {resolutions}")
    minutes = int(resolutions[0])
    ends = _instants(table, "interval_end")
    names = texts_of(table["region"])
    keys = list(zip(ends, names, strict=True))
    strange = sorted({f"{end:%Y-%m-%d %H:%M}" for end in ends if not _is_of(end, day, minutes)})
    values = table[dataset.value].to_pylist()
    empty = [
        f"{name} {_clock(end, day)}"
        for (end, name), value in zip(keys, values, strict=True)
        if value is None or not math.isfinite(value)
    ]
    faults = [
        *_missing(set(zip(names, ends, strict=True)), day, minutes, regions_on(day)),
        *_unknown(names, day),
        *_listed("stamps are no interval end of the day", strange),
        *_listed(f"rows have no {dataset.value}", empty),
        *_order_faults(keys, day),
        *_length_faults(ends, _instants(table, "interval_start"), minutes),
    ]
    _raise_if_any(faults, subject)


def price_warnings(clean: pa.Table, dataset: Dataset, day: date) -> list[str]:
    """Return one line for each price column that goes beyond the limits of `day`.

    Equal to a limit is allowed; `rop` is not bounded. The line has the count, the worst price,
    its interval end and region. A data set without prices gives none.
    """
    cap = limits_on(day).price_cap
    floors = {name: ENERGY_FLOOR if name == "rrp" else FCAS_FLOOR for name in dataset.price_columns}
    if all(_are_within(clean, floors, floor, cap) for floor in set(floors.values())):
        return []
    lines = (_price_warning(clean, column, floor, cap, day) for column, floor in floors.items())
    return [line for line in lines if line]


def _are_within(clean: pa.Table, floors: Mapping[str, float], floor: float, cap: float) -> bool:
    """Tell whether all prices with this floor are within the limits, by one look at all of them."""
    columns = [clean[name] for name in floors if floors[name] == floor]
    prices = pa.chunked_array([chunk for column in columns for chunk in column.chunks])
    least, greatest = least_and_greatest(prices)
    return least is None or (least >= floor and greatest <= cap)


def _price_warning(clean: pa.Table, column: str, floor: float, cap: float, day: date) -> str:
    prices = clean[column]
    least, greatest = least_and_greatest(prices)
    if least is None or (least >= floor and greatest <= cap):
        return ""
    beyond = clean.filter(pc.or_(pc.greater(prices, number(cap)), pc.less(prices, number(floor))))
    worst = zip(
        (price or 0.0 for price in beyond[column].to_pylist()),
        _instants(beyond, "interval_end"),
        texts_of(beyond["region"]),
        strict=True,
    )
    price, end, region = max(worst, key=lambda row: max(row[0] - cap, floor - row[0]))
    return (
        f"{column}: {beyond.num_rows} of {clean.num_rows} prices of {day} beyond "
        f"{floor:,.0f} to {cap:,.0f} AUD/MWh, worst {price:,.2f} at {_clock(end, day)} in {region}"
    )


def _missing(
    valued: set[tuple[str, datetime | None]], day: date, minutes: int, regions: Iterable[str]
) -> list[str]:
    faults = []
    for region in regions:
        ends = [end for end in interval_ends(day, minutes) if end >= first_interval_end(region)]
        missing = [end for end in ends if (region, end) not in valued]
        if len(missing) == len(ends):
            faults.append(f"{region} lacks all {len(ends)} intervals")
        elif missing:
            spans = _spans(missing, day, minutes)
            faults.append(f"{region} lacks {len(missing)} of {len(ends)} intervals: {spans}")
    return faults


def _spans(ends: Sequence[datetime], day: date, minutes: int) -> str:
    """Return sorted interval ends as ``14:05-14:15, 15:00``."""
    step = timedelta(minutes=minutes)
    starts = [ends[0], *(latter for former, latter in pairwise(ends) if latter - former > step)]
    stops = [*(former for former, latter in pairwise(ends) if latter - former > step), ends[-1]]
    spans = [
        _clock(start, day) if start == stop else f"{_clock(start, day)}-{_clock(stop, day)}"
        for start, stop in zip(starts, stops, strict=True)
    ]
    return _cut(spans)


def _unknown(names: Iterable[str], day: date) -> list[str]:
    unknown = sorted(name for name in set(names) if not is_known_region(name, day))
    return _listed("regions are unknown", [repr(name) for name in unknown])


def _period_faults(
    rows: pa.Table, table: Table, day: date, ends: Mapping[str, datetime | None]
) -> list[str]:
    """Return the rows whose number of the interval, where the table has one, contradicts the stamp."""
    if not table.period_column:
        return []
    start, length = day_bounds(day)[0], timedelta(minutes=table.minutes_on(day))
    numbers = {stamp: str((end - start) // length) for stamp, end in ends.items() if end}
    columns = (table.region_column, table.stamp, table.period_column)
    wrong = [
        f"{region} {stamp} says {period!r}"
        for region, stamp, period in zip(*(texts_of(rows[name]) for name in columns), strict=True)
        if stamp in numbers and period.strip() != numbers[stamp]
    ]
    return _listed(
        f"rows have a {table.period_column} that their {table.stamp} does not give", wrong
    )


def _order_faults(keys: Sequence[tuple[datetime, str]], day: date) -> list[str]:
    pairs = list(pairwise(sorted(keys)))
    twice = [f"{name} {_clock(end, day)}" for (end, name), other in pairs if (end, name) == other]
    is_sorted = all(former <= latter for former, latter in pairwise(keys))
    order = [] if is_sorted else ["rows are not sorted by interval end and region"]
    return [*_listed("rows repeat an interval and region", twice), *order]


def _length_faults(ends: Sequence[datetime], starts: Sequence[datetime], minutes: int) -> list[str]:
    length = timedelta(minutes=minutes)
    wrong = sum(end - start != length for start, end in zip(starts, ends, strict=True))
    return [f"{wrong} intervals do not take {minutes} minutes"] if wrong else []


def _listed(what: str, items: Sequence[str]) -> list[str]:
    return [f"{len(items)} {what}: {_cut(items)}"] if items else []


def _cut(items: Sequence[str]) -> str:
    more = len(items) - _MOST_LISTED
    return ", ".join(items[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _clock(end: datetime, day: date) -> str:
    # The day's last interval ends at 00:00 of the next day; 24:00 is clearer here.
    return "24:00" if end == day_bounds(day)[1] else f"{end:%H:%M}"


def _is_of(end: datetime | None, day: date, minutes: int) -> bool:
    if end is None:
        return False
    start, stop = day_bounds(day)
    return start < end <= stop and (end - start) % timedelta(minutes=minutes) == timedelta()


def _parse_or_none(stamp: str) -> datetime | None:
    try:
        return parse_stamp(stamp)
    except BrokenFile:
        return None


def _instants(table: pa.Table, column: str) -> list[datetime]:
    # By way of UTC, which needs no time zone files.
    utc = cast("list[datetime]", pc.cast(table[column], pa.timestamp("us", tz="UTC")).to_pylist())
    return [instant.astimezone(NEM_TIME) for instant in utc]


def _raise_if_any(faults: Sequence[str], subject: str) -> None:
    if faults:
        raise IncompleteDay(f"{subject} is not whole: {'; '.join(faults)}")
