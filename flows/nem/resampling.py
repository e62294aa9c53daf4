"""Prices over longer intervals: time-weighted means, by interval start, within market days.

A price that held for thirty minutes counts six times one that held for five. Buckets begin at midnight
market time (UTC+10); a day is a market day. Where rows are missing, the mean is over those there are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.types import is_boolean, is_floating, is_integer, is_string

from nemflow.errors import ParameterError

KEY = ("interval_start", "interval_end", "region", "resolution_minutes")
"""The columns that resampling needs, and gives."""

_FORMS = "minutes or hours that divide a day (30min, 1h), a day (1d) or a month (1mo)"
_UNITS = {"min": 1, "m": 1, "t": 1, "h": 60, "d": 1440}
_DAY = 1440
_MICROSECONDS = 60_000_000  # of a minute
_OFFSET = 600 * _MICROSECONDS  # of market time, UTC+10


@dataclass(frozen=True, slots=True)
class Width:
    """The length of the new intervals in minutes; None for calendar months."""

    minutes: int | None


def read_width(word: str) -> Width:
    """Return the width that a word means.

    Raises:
        ParameterError: it means none.

    >>> read_width("30min"), read_width("1d"), read_width("1mo")
    (Width(minutes=30), Width(minutes=1440), Width(minutes=None))
    """
    text = word.strip().lower()
    if text in ("mo", "1mo", "month"):
        return Width(None)
    match = re.fullmatch(r"(\d{0,4})(min|m|t|h|d)", text)
    minutes = int(match[1] or 1) * _UNITS[match[2]] if match else 0
    if not minutes or _DAY % minutes:
        raise ParameterError(f"{word!r} is no width to resample to: write {_FORMS}")
    return Width(minutes)


def resampled_schema(schema: pa.Schema) -> pa.Schema:
    """Return the fields of resampled rows: the same, with room for the minutes of a month."""
    number = schema.get_field_index("resolution_minutes")
    return schema.set(number, schema.field(number).with_type(pa.int32())) if number >= 0 else schema


def resample(table: pa.Table, width: Width) -> pa.Table:
    """Return the rows over longer intervals, sorted by interval end and region.

    Numbers become their time-weighted means, nulls left out; flags whether any was set; bits those
    that were set in any; texts the different ones, joined.

    Args:
        table: with the columns of `KEY`; whole months, where *width* is a month.
        width: of the new intervals.

    Raises:
        ParameterError: the rows' own intervals do not divide the new ones.
    """
    _check_divides(table, width)
    schema = resampled_schema(table.schema)
    weight = pc.cast(table["resolution_minutes"], pa.float64())
    values = [name for name in table.column_names if name not in KEY]
    starts = _bucket(table["interval_start"], width)
    sources: dict[str, Any] = {"start": starts, "region": table["region"]}
    aggregations: list[Any] = []
    for name in values:
        more, wanted = _prepare(name, table[name], weight)
        sources |= more
        aggregations += wanted
    groups = pa.table(sources).group_by(["start", "region"], use_threads=False)
    sums = groups.aggregate(aggregations).sort_by([("start", "ascending"), ("region", "ascending")])
    starts = sums["start"]
    ends = _end_of(starts, width)
    minutes = pc.divide(pc.subtract(ends, starts), pa.scalar(_MICROSECONDS))
    columns = {
        "interval_start": _instants(starts, schema),
        "interval_end": _instants(ends, schema),
        "region": sums["region"],
        "resolution_minutes": minutes,
        **{name: _finish(name, table.schema.field(name).type, sums) for name in values},
    }
    return pa.Table.from_arrays(
        [pc.cast(columns[field.name], field.type) for field in schema], schema=schema
    )


def _check_divides(table: pa.Table, width: Width) -> None:
    lengths: list[Any] = pc.unique(table["resolution_minutes"]).to_pylist()
    for minutes in lengths:
        if (width.minutes or _DAY) % minutes:
            raise ParameterError(
                f"intervals of {minutes} minutes do not go into {width.minutes}: resample to a "
                f"multiple of {minutes} minutes"
            )


def _bucket(starts: Any, width: Width) -> Any:
    """Return the start of the bucket of each instant, in microseconds of local time."""
    local = pc.add(pc.cast(starts, pa.int64()), pa.scalar(_OFFSET))
    if width.minutes is None:
        months = pc.floor_temporal(pc.cast(local, pa.timestamp("us")), unit="month")
        return pc.cast(months, pa.int64())
    size = pa.scalar(width.minutes * _MICROSECONDS)
    return pc.multiply(pc.divide(local, size), size)


def _end_of(starts: Any, width: Width) -> Any:
    if width.minutes is not None:
        return pc.add(starts, pa.scalar(width.minutes * _MICROSECONDS))
    inside = pc.add(starts, pa.scalar(31 * _DAY * _MICROSECONDS))  # in the next month
    months = pc.floor_temporal(pc.cast(inside, pa.timestamp("us")), unit="month")
    return pc.cast(months, pa.int64())


def _instants(local: Any, schema: pa.Schema) -> Any:
    utc = pc.subtract(local, pa.scalar(_OFFSET))
    return pc.cast(utc, schema.field("interval_end").type)


def _prepare(name: str, column: Any, weight: Any) -> tuple[Mapping[str, Any], list[Any]]:
    """Return what a column's values are aggregated from, and how."""
    if is_floating(column.type):
        known = pc.if_else(pc.is_valid(column), weight, pa.scalar(None, pa.float64()))
        more = {f"{name}*": pc.multiply(column, weight), f"{name}+": known}
        return more, [(f"{name}*", "sum"), (f"{name}+", "sum")]
    if is_boolean(column.type):
        return {name: column}, [(name, "any")]
    return {name: column}, [(name, "distinct")]


def _finish(name: str, kind: pa.DataType, sums: pa.Table) -> Any:
    if is_floating(kind):
        return pc.divide(sums[f"{name}*_sum"], sums[f"{name}+_sum"])
    if is_boolean(kind):
        return sums[f"{name}_any"]
    if not (is_integer(kind) or is_string(kind)):
        raise ParameterError(f"{name} cannot be resampled: leave it out of the columns")
    join = _any_bit if is_integer(kind) else _all_words
    lists: list[Any] = sums[f"{name}_distinct"].to_pylist()
    known = ([item for item in items if item is not None] for items in lists)
    return pa.chunked_array([pa.array([join(items) if items else None for items in known], kind)])


def _any_bit(items: list[int]) -> object:
    return reduce(or_, items)


def _all_words(items: list[str]) -> object:
    return ", ".join(sorted(items))
