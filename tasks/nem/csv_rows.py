"""Rows of one table as a stretch of csv bytes, streamed into Arrow in small blocks.

Both file formats (C/I/D and PRICE_AND_DEMAND) are brought to a `CsvRows` and read here.
Blocks of 1 MB on one thread were measured to be the fastest, and keep a month's text columns
out of memory while one day of them is picked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.arrow_values import text
from nemflow.tasks.nem.market_time import day_bounds, format_stamp
from nemflow.tasks.nem.tables import STAMP

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class CsvRows:
    """One table's rows, not yet split into fields.

    Args:
        label: table and file, for messages.
        columns: AEMO's column names in the file's order, without the leading fields.
        leading: fields of each row that stand before the first column.
        body: the rows, each ended by a newline (the last one may lack it).
        count: number of rows in `body`.
        newlines_in_values: a quoted text may hold a newline; reads slower.
    """

    label: str
    columns: tuple[str, ...]
    leading: int
    body: memoryview
    count: int
    newlines_in_values: bool = False

    def without_body(self) -> "CsvRows":
        """Return what is known of the rows, without their text: they cannot be read any more."""
        return replace(self, body=memoryview(b""))

    def require_columns(self, required: Sequence[str]) -> None:
        """Raise `BrokenFile` if a required column is missing or any column stands twice."""
        missing = [name for name in required if name not in self.columns]
        if missing:
            raise BrokenFile(f"{self.label} has no column {', '.join(missing)}")
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise BrokenFile(f"{self.label} names the column {', '.join(twice)} more than once")


def read_batches(
    rows: CsvRows, types: Mapping[str, pa.DataType] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows in blocks, in the file's order.

    Args:
        rows: where the rows lie.
        types: the columns to read, by type; without it all columns, as text. An empty number
            reads as null, an empty text as "".

    Raises:
        BrokenFile: ragged rows, text that is no number, or another number of rows than counted.
    """
    types = types or dict.fromkeys(rows.columns, pa.string())
    seen = 0
    # A csv of no bytes is an error to Arrow; to us it is a table of no rows.
    if rows.count:
        try:
            with _open(rows, types) as reader:
                for batch in reader:
                    seen += batch.num_rows
                    yield batch
        except pa.ArrowInvalid as error:
            raise BrokenFile(f"{rows.label} cannot be read: {str(error)[:200]}") from error
    if seen != rows.count:
        raise BrokenFile(f"{rows.label} has {rows.count} lines but reads as {seen} rows")


def read_all(rows: CsvRows) -> pa.Table:
    """Return every row, all columns as text. Raises `BrokenFile` as `read_batches` does."""
    return pa.Table.from_batches(read_batches(rows), _text_schema(rows))


def read_day_rows(rows: CsvRows, day: date, stamp: str = STAMP) -> pa.Table:
    """Return the rows whose `stamp` ends an interval of `day`, all columns as text.

    Stamps have a fixed width, so their text compares in order; a stamp without seconds sorts
    before the same one with them, which keeps it on the right side of both bounds.
    """
    start, end = (text(format_stamp(bound)) for bound in day_bounds(day))
    picked = (_between(batch, stamp, start, end) for batch in read_batches(rows))
    return pa.Table.from_batches(picked, _text_schema(rows)).combine_chunks()


def texts_of(column: "pa.Array[Any] | pa.ChunkedArray[Any]") -> list[str]:
    """Return a text column as a list, null as ""."""
    return [text or "" for text in column.to_pylist()]


def as_numbers(column: "pa.ChunkedArray[Any]") -> "pa.ChunkedArray[Any]":
    """Return a text column as float64, empty text as null; blanks around a number are let pass.

    Raises:
        pyarrow.ArrowInvalid: a text is no number.
    """
    try:
        return pc.cast(_empty_as_null(column), pa.float64())
    except pa.ArrowInvalid:
        return pc.cast(_empty_as_null(pc.ascii_trim_whitespace(column)), pa.float64())


def _empty_as_null(column: "pa.ChunkedArray[Any]") -> "pa.ChunkedArray[Any]":
    texts: pa.ChunkedArray[Any] = pc.if_else(
        pc.equal(column, text("")), pa.nulls(1, pa.string())[0], column
    )
    return texts


def _between(
    batch: pa.RecordBatch, stamp: str, start: pa.StringScalar, end: pa.StringScalar
) -> pa.RecordBatch:
    stamps = batch.column(stamp)
    is_after: pa.BooleanArray = pc.greater(stamps, start)
    is_before: pa.BooleanArray = pc.less_equal(stamps, end)
    return batch.filter(pc.and_(is_after, is_before))


def _text_schema(rows: CsvRows) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in rows.columns])


def _open(rows: CsvRows, types: Mapping[str, pa.DataType]) -> pa_csv.CSVStreamingReader:
    leading = [f"#{number}" for number in range(rows.leading)]
    return pa_csv.open_csv(
        pa.BufferReader(pa.py_buffer(rows.body)),  # type: ignore[arg-type]  # stubs: files only
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=_BLOCK_BYTES, column_names=[*leading, *rows.columns]
        ),
        parse_options=pa_csv.ParseOptions(newlines_in_values=rows.newlines_in_values),
        convert_options=pa_csv.ConvertOptions(
            include_columns=list(types),
            column_types=dict(types),
            null_values=[""],
            strings_can_be_null=False,
        ),
    )
