"""Tables of many days, taken apart into days by one look at their stamps."""

from datetime import date, timedelta
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.arrow_values import length

# Files are nearly sorted by time: their days come in few stretches. Above this it pays to sort.
_MOST_STRETCHES_A_DAY = 16

_UTC_OFFSET = timedelta(hours=10)  # of NEM time
_MICROSECOND = timedelta(microseconds=1)


def split_days(rows: pa.Table, stamp: str) -> dict[date, pa.Table]:
    """Return the text rows of each market day, by the column `stamp` of interval ends.

    Rows keep their order within a day.

    Days of a file that is sorted by time, or nearly so, share the memory of `rows`.

    Raises:
        BrokenFile: a text there that is no stamp.
    """
    # Arrow reads ISO dates, and fast.
    iso = pc.replace_substring(rows[stamp], "/", "-")
    try:
        return _split(rows, pc.cast(iso, pa.timestamp("us")))
    except pa.ArrowInvalid as error:
        raise BrokenFile(f"{stamp} cannot be read: {str(error)[:200]}") from error


def split_clean_days(table: pa.Table) -> dict[date, pa.Table]:
    """Return the rows of each market day of a clean table; days of a sorted one share its memory."""
    utc = pc.cast(table["interval_end"], pa.timestamp("us"))
    return _split(table, pc.add(utc, length(_UTC_OFFSET)))


def _split(rows: pa.Table, ends: "pa.ChunkedArray[Any]") -> dict[date, pa.Table]:
    """Split rows by their interval ends, given without a zone in NEM time."""
    # a day's last interval ends at 00:00 of the next day
    inside = pc.subtract(ends, length(_MICROSECOND))
    days = pc.cast(inside, pa.date32(), safe=False).combine_chunks()
    stretches = _stretches(days)
    if len(stretches) > _MOST_STRETCHES_A_DAY * len({day for day, _, _ in stretches}):
        in_order = pc.sort_indices(days)  # which is stable
        rows = rows.take(in_order)
        stretches = _stretches(days.take(in_order))
    parts: dict[date, list[pa.Table]] = {}
    for day, start, stop in stretches:
        parts.setdefault(day, []).append(rows.slice(start, stop - start))
    return {day: pa.concat_tables(tables) for day, tables in sorted(parts.items())}


def _stretches(days: "pa.Array[Any]") -> list[tuple[date, int, int]]:
    """Return each stretch of rows of one day: the day, its first row and the row after its last."""
    if not len(days):
        return []
    runs: Any = pc.run_end_encode(days)  # type: ignore[attr-defined]  # the stubs know it not
    stops = cast("list[int]", runs.run_ends.to_pylist())
    starts = [0, *stops[:-1]]
    return list(zip(cast("list[date]", runs.values.to_pylist()), starts, stops, strict=True))
