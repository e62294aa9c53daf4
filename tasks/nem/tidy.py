"""AEMO's words become ours: text rows in, the clean table out. The only place that knows both.

Any number of days goes through at once, and what is to be done follows from the records of the data
set and the table. Of the rows of one interval and region one is taken: a row with a value before one
without, the physical run before the pricing run (of prices the pricing run alone), the better grade,
the greatest LASTCHANGED, then the later row. Numbers are read by Arrow, without a Python object a row.
"""

import functools
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.arrow_values import (
    flags,
    instant,
    integer,
    integers,
    length,
    number,
    text,
    texts,
)
from nemflow.tasks.nem.columns import Column, Kind
from nemflow.tasks.nem.datasets import Dataset, Run
from nemflow.tasks.nem.market_time import ARROW_ZONE, FIVE_MINUTE_SETTLEMENT
from nemflow.tasks.nem.sources import Quality
from nemflow.tasks.nem.tables import INTERVENTION, Table

_INSTANT = pa.timestamp("us", tz=ARROW_ZONE)
_LOCAL = pa.timestamp("us")
_UTC_OFFSET = length(timedelta(hours=10))  # of NEM time
_MINUTE = length(timedelta(minutes=1))
_CHANGED = "LASTCHANGED"
_MOST_REGIONS = 100
_EMPTY = text("")
_NO_TEXT = pa.nulls(1, pa.string())[0]

_TYPES: MappingProxyType[Kind, pa.DataType] = MappingProxyType(
    {
        Kind.INSTANT: _INSTANT,
        Kind.TEXT: pa.string(),
        Kind.NUMBER: pa.float64(),
        Kind.INTEGER: pa.int32(),
        Kind.SHORT: pa.int16(),
        Kind.FLAG: pa.bool_(),
    }
)

_Column: TypeAlias = "pa.Array[Any]"


def clean_schema(dataset: Dataset) -> pa.Schema:
    """Return the schema of the clean stage, the same for every source; fields say unit and meaning."""
    return _schema(dataset.columns)


def tidy(
    rows: pa.Table,
    dataset: Dataset,
    table: Table,
    *,
    source: str,
    quality: Quality = Quality.FINAL,
) -> pa.Table:
    """Return AEMO's rows as a clean table: one row for each interval and region, sorted by both.

    Args:
        rows: AEMO's columns as text, of every run; columns that hold numbers already are taken as
            they are, times without a zone as NEM time. Of any number of days and files.
        dataset: says which columns come out, and which run they are taken from.
        table: what the rows are of.
        source: written into the column `source`.
        quality: written into the column `quality`.

    Raises:
        BrokenFile: a text that is no number or no stamp.
    """
    wanted = _wanted(dataset, table)
    rows = _slim(rows, wanted, table)
    ends = _interval_ends(rows, table)
    columns: dict[str, _Column] = {}
    if table.has_runs:
        run = _numbers(rows, INTERVENTION)
        directed = ends.filter(pc.not_equal(run, number(0.0)))
        is_pricing = pc.equal(run, number(0.0))
        if dataset.run is Run.PRICING and not pc.all(is_pricing, skip_nulls=False).as_py():
            rows, ends = rows.filter(is_pricing).combine_chunks(), ends.filter(is_pricing)
    order = _order(rows, ends, dataset, table)
    rows, ends = rows.take(order).combine_chunks(), ends.take(order)
    if table.has_runs:
        columns["intervention"] = pc.is_in(ends, value_set=directed)
    columns |= _intervals(ends, table)
    columns |= {"region": _texts(rows, table.region_column)}
    columns |= {column.name: _read(rows, column) for column in wanted}
    columns |= {"source": _repeat(source, rows), "quality": _repeat(str(quality), rows)}
    return _assemble(dataset, columns, rows.num_rows)


@functools.cache
def _schema(columns: tuple[Column, ...]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(
                column.name,
                _TYPES[column.kind],
                metadata={"unit": column.unit, "description": column.description},
            )
            for column in columns
        ]
    )


def _wanted(dataset: Dataset, table: Table) -> list[Column]:
    """Return the columns of the table that the data set keeps."""
    names = {column.name for column in dataset.columns}
    return [column for column in table.clean if column.name in names]


def _slim(rows: pa.Table, wanted: Sequence[Column], table: Table) -> pa.Table:
    """Return the rows of whole regions, with only the columns that matter, each in one piece."""
    names = [table.stamp, table.region_column, INTERVENTION, _CHANGED, table.grade_column]
    names += [column.aemo for column in wanted]
    slim = rows.select([name for name in dict.fromkeys(names) if name in rows.column_names])
    if table.parts:
        is_part = pc.is_in(_texts(slim, table.region_column), value_set=texts(table.parts))
        slim = slim.filter(pc.invert(is_part))
    return slim.combine_chunks()


def _order(rows: pa.Table, ends: _Column, dataset: Dataset, table: Table) -> _Column:
    """Return the numbers of the rows to take: one for each interval and region, sorted by both."""
    regions: _Column = _texts(rows, table.region_column).fill_null(_EMPTY)
    names = sorted(map(str, regions.unique().to_pylist()))
    if len(names) > _MOST_REGIONS:
        raise BrokenFile(f"{table.name} names {len(names)} regions; the first is {names[0]!r}")
    ranks = pc.cast(pc.index_in(regions, value_set=texts(names)), pa.int64())
    keys = pc.add(pc.multiply(pc.cast(ends, pa.int64()), integer(_MOST_REGIONS)), ranks)
    if pc.count_distinct(keys).as_py() == len(keys):
        return pc.sort_indices(keys)
    columns = [keys, *_merits(rows, dataset, table)]
    ranked = pa.Table.from_arrays(columns, names=[str(number) for number in range(len(columns))])
    worst_first = pc.sort_indices(ranked, sort_keys=[(n, "ascending") for n in ranked.column_names])
    sorted_keys = keys.take(worst_first)
    is_best = pc.not_equal(sorted_keys[:-1], sorted_keys[1:])
    return worst_first.filter(pa.concat_arrays([is_best, flags([True])]))


def _merits(rows: pa.Table, dataset: Dataset, table: Table) -> list[_Column]:
    """Return what decides between rows of one interval and region, the weightiest first."""
    merits: list[_Column] = [
        pc.cast(pc.is_valid(_numbers(rows, dataset.value_in(table))), pa.int8())
    ]
    if table.has_runs:
        merits.append(_numbers(rows, INTERVENTION).fill_null(number(0.0)))
    if table.grade_column:
        grades = pc.index_in(_texts(rows, table.grade_column), value_set=texts(table.grades))
        worst: Any = integer(-1, pa.int32())
        merits.append(grades.fill_null(worst))
    merits.append(_texts(rows, _CHANGED).fill_null(_EMPTY))
    return [*merits, integers(range(rows.num_rows))]


def _intervals(ends: _Column, table: Table) -> dict[str, _Column]:
    """Return the columns that tell an interval, by where it ends and how long the table's are."""
    minutes = pc.if_else(
        pc.less_equal(ends, instant(FIVE_MINUTE_SETTLEMENT, _INSTANT)),
        integer(table.minutes_before_settlement, pa.int16()),
        integer(table.minutes, pa.int16()),
    )
    lengths = pc.multiply(pc.cast(minutes, pa.int64()), _MINUTE)
    starts = pc.subtract(ends, lengths)
    return {"interval_start": starts, "interval_end": ends, "resolution_minutes": minutes}


def _assemble(dataset: Dataset, columns: Mapping[str, _Column], count: int) -> pa.Table:
    """Put columns into the order of the schema; those not given become null."""
    schema = clean_schema(dataset)
    arrays = [
        columns[field.name] if field.name in columns else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _read(rows: pa.Table, column: Column) -> _Column:
    """Return one of AEMO's columns as the type that it has in clean tables."""
    if column.kind is Kind.TEXT:
        return _texts(rows, column.aemo)
    numbers = _numbers(rows, column.aemo)
    return _cast(numbers, _TYPES[column.kind], column.aemo)


def _interval_ends(rows: pa.Table, table: Table) -> _Column:
    """Return the instants at which the rows' intervals end."""
    stamps = _one_piece(rows[table.stamp])
    if not pa.types.is_timestamp(stamps.type):
        # A month of five regions has 44,640 rows and 8,928 stamps: read each once. Arrow reads
        # ISO dates, strictly and fast; subtracting needs no time zone files.
        coded = stamps.dictionary_encode()
        iso = pc.replace_substring(coded.dictionary, "/", "-")
        stamps = _cast(iso, _LOCAL, table.stamp).take(coded.indices)
    if stamps.type == _INSTANT:
        return stamps
    utc = pc.subtract(pc.cast(stamps, _LOCAL), _UTC_OFFSET)
    return _cast(utc, _INSTANT, table.stamp)


def _numbers(rows: pa.Table, name: str) -> _Column:
    """Return the column as float64, empty text as null; all null if it is not there."""
    if name not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.float64())
    column = _one_piece(rows[name])
    if not pa.types.is_string(column.type):
        return _cast(column, pa.float64(), name)
    found: _Column = pc.if_else(pc.equal(column, _EMPTY), _NO_TEXT, column)
    try:
        numbers: _Column = pc.cast(found, pa.float64())
    except pa.ArrowInvalid:  # blanks around a number are rare, and cost as much to look for
        return _cast(_texts(rows, name), pa.float64(), name)
    return numbers


def _texts(rows: pa.Table, name: str) -> _Column:
    """Return the column as trimmed text, empty text as null; all null if it is not there."""
    if name not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.string())
    column = _one_piece(rows[name])
    trimmed = pc.ascii_trim_whitespace(pc.cast(column, pa.string()))
    found: _Column = pc.if_else(pc.equal(trimmed, _EMPTY), _NO_TEXT, trimmed)
    return found


def _one_piece(column: "pa.ChunkedArray[Any]") -> _Column:
    chunks: list[_Column] = column.chunks or [pa.nulls(0, column.type)]
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)


def _cast(column: _Column, kind: pa.DataType, name: str) -> _Column:
    try:
        return pc.cast(column, kind)
    except pa.ArrowInvalid as error:
        raise BrokenFile(f"{name} cannot be read: {error}") from error


def _repeat(word: str, rows: pa.Table) -> _Column:
    return pa.repeat(text(word), rows.num_rows)
