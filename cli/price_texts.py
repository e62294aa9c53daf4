"""Rows of prices as text: CSV, JSON lines, and a table for people. Whole columns at a time."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.types import is_boolean, is_floating, is_integer, is_timestamp

_UTC_OFFSET = pa.scalar(10 * 3600 * 1_000_000, pa.duration("us"))  # of market time
_NARROW = 6  # of a column of words, in characters
_NUMBER = 10  # of a column of numbers: "-1,000.00"


def csv_header(schema: pa.Schema) -> bytes:
    """Return the first line of a CSV file."""
    return (",".join(_csv_word(name) for name in schema.names) + "\n").encode()


def csv_lines(table: pa.Table) -> bytes:
    """Return CSV with ISO 8601 times in market time (``2014-01-01T00:05:00+10:00``), nulls empty."""
    if not table.num_rows:
        return b""
    cells = [pc.fill_null(_csv(column), "") for column in table.columns]
    lines = pc.binary_join_element_wise(*cells, pa.scalar(","))
    return ("\n".join(lines.to_pylist()) + "\n").encode()


def json_lines(table: pa.Table) -> bytes:
    """Return a JSON object a line, times as in CSV."""
    if not table.num_rows:
        return b""
    pieces: list[Any] = []
    for number, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        pieces += [pa.scalar(("," if number else "{") + json.dumps(name) + ":"), _json(column)]
    lines = pc.binary_join_element_wise(*pieces, pa.scalar("}\n"), pa.scalar(""))
    return "".join(lines.to_pylist()).encode()


def table_lines(table: pa.Table) -> list[str]:
    """Return lines with columns aligned as `table_header` has them, numbers with two decimals."""
    cells = [_cells(column) for column in table.columns]
    widths = [_width(field) for field in table.schema]
    padded = [
        [text.rjust(width) if _is_number(field.type) else text.ljust(width) for text in column]
        for field, width, column in zip(table.schema, widths, cells, strict=True)
    ]
    return ["  ".join(row).rstrip() for row in zip(*padded, strict=True)]


def table_header(schema: pa.Schema) -> list[str]:
    """Return the names of the columns, and below them their units."""
    units = [(field.metadata or {}).get(b"unit", b"").decode() for field in schema]
    units = ["UTC+10" if is_timestamp(f.type) else u for f, u in zip(schema, units, strict=True)]
    return [_line(schema, schema.names), _line(schema, units)]


def _line(schema: pa.Schema, texts: Sequence[str]) -> str:
    padded = [
        text.rjust(_width(field)) if _is_number(field.type) else text.ljust(_width(field))
        for field, text in zip(schema, texts, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _width(field: "pa.Field[Any]") -> int:
    least = {True: _NUMBER, False: _NARROW}[_is_number(field.type)]
    least = len("2014-01-01 00:05") if is_timestamp(field.type) else least
    return max(len(field.name), least)


def _is_number(kind: pa.DataType) -> bool:
    return is_floating(kind) or is_integer(kind)


def _cells(column: Any) -> list[str]:
    if is_timestamp(column.type):
        return [text[:16].replace("T", " ") for text in _iso(column).to_pylist()]
    values = column.to_pylist()
    if is_floating(column.type):
        return ["" if value is None else f"{value:,.2f}" for value in values]
    if is_boolean(column.type):
        return ["" if value is None else "yes" if value else "no" for value in values]
    return ["" if value is None else str(value) for value in values]


def _iso(column: Any) -> Any:
    """Return instants as text in market time; no time zone files are needed for that."""
    local = pc.add(pc.cast(pc.cast(column, pa.int64()), pa.timestamp("us")), _UTC_OFFSET)
    text = pc.cast(pc.cast(local, pa.timestamp("s")), pa.string())
    joined = pc.binary_join_element_wise(text, pa.scalar("+10:00"), pa.scalar(""))
    return pc.replace_substring(joined, " ", "T")


def _json(column: Any) -> Any:
    kind = column.type
    if is_timestamp(kind):
        return _quoted(_iso(column))
    if is_boolean(kind) or is_integer(kind):
        texts = pc.cast(column, pa.string())
    elif is_floating(kind):
        finite = pc.if_else(pc.is_finite(column), column, pa.scalar(None, kind))
        texts = pc.cast(finite, pa.string())
    else:
        texts = _written(column, json.dumps)
    return pc.fill_null(texts, "null")


def _csv(column: Any) -> Any:
    if is_timestamp(column.type):
        return _iso(column)
    if is_boolean(column.type) or _is_number(column.type):
        return pc.cast(column, pa.string())
    return _written(column, _csv_word)


def _csv_word(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if any(c in word for c in ',"\r\n') else word


def _written(column: Any, write: Callable[[str], str]) -> Any:
    """Return words as *write* writes them; there are few different ones in a column."""
    encoded = column.combine_chunks().dictionary_encode()
    words = [None if word is None else write(word) for word in encoded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(encoded.indices)


def _quoted(texts: Any) -> Any:
    quote = pa.scalar('"')
    return pc.binary_join_element_wise(quote, texts, quote, pa.scalar(""))
