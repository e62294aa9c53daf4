"""AEMO's C/I/D csv: find one table's rows by name, check the footer, read them as text.

A file is lines of three kinds. ``C`` rows comment: the first carries the creation stamp, the last
is ``C,"END OF REPORT",N`` with N the number of all lines. ``I,type,subtype,version,columns…``
opens a table and ``D`` rows with the same first three fields follow, mostly at once, but the
standard also lets all ``I`` rows come first and ``C`` rows stand in the middle. Line ends may mix
and the last may be missing. Sources: AEMO CSV Data Format Standard v3.01, and real files.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.csv_lines import Lines
from nemflow.tasks.nem.csv_rows import CsvRows, read_all, read_day_rows
from nemflow.tasks.nem.market_time import parse_stamp
from nemflow.tasks.nem.tables import Table

_FOOTER = re.compile(rb'C,"?END OF REPORT"?,"?(\d{1,12})"?,*\s*')
_TAIL_BYTES = 512
# What an empty field of an I row becomes in copies that went through pandas; D rows keep it empty.
_EMPTY_IN_PANDAS = re.compile(r"Unnamed: \d+")
_LEADING_FIELDS = 4  # D, type, subtype, version


@dataclass(frozen=True, slots=True)
class _Header:
    """An I row: its version, its columns, and the number of the line after it."""

    row_type: str
    row_subtype: str
    version: str
    columns: tuple[str, ...]
    next_line: int

    @property
    def names(self) -> tuple[str, str]:
        """Its type and subtype."""
        return self.row_type, self.row_subtype

    @property
    def mark(self) -> bytes:
        """What each of its D rows begins with."""
        return f"D,{self.row_type},{self.row_subtype},{self.version},".encode()


def read_table(data: bytes, table: Table, *, file: str = "the file") -> pa.Table:
    """Return all rows of `table`: AEMO's columns in the file's order, all as text.

    Quotes are removed, nothing else changes: an empty field is "".

    Raises:
        BrokenFile: no such table, a required column missing, or ragged rows.
    """
    return read_all(find_rows(data, table, file=file)).combine_chunks()


def read_day(data: bytes, table: Table, day: date, *, file: str = "the file") -> pa.Table:
    """Return the rows whose interval lies in the calendar `day`, as `read_table` does.

    Rows keep the file's order; all INTERVENTION runs are there. A day that the file does not
    hold gives no rows.
    """
    return read_day_rows(find_rows(data, table, file=file), day, table.stamp)


def creation_stamp(data: bytes, *, file: str = "the file") -> str:
    """Return the ``2018/06/07 00:30:02`` (NEM time) of the first C line; "" if it has none.

    Raises:
        BrokenFile: the first line is no C line.
    """
    end = data.find(b"\n", 0, 4096)
    fields = _split_line(data[: end if end >= 0 else 4096])
    if fields[0] != "C":
        raise BrokenFile(f"{file} does not begin with AEMO's C line: it is no AEMO table file")
    created = " ".join(fields[5:7])
    try:
        parse_stamp(created)
    except BrokenFile:
        return ""
    return created


def check_footer(data: bytes, *, file: str = "the file", lines: Lines | None = None) -> None:
    """Raise `BrokenFile` unless the last line counts exactly the lines that are there.

    Args:
        lines: those of `data`, where they are known.
    """
    tail = data[-_TAIL_BYTES:].rstrip().rpartition(b"\n")[2]
    footer = _FOOTER.fullmatch(tail)
    if footer is None:
        raise BrokenFile(f"{file} does not end with END OF REPORT: it is cut short")
    announced = int(footer[1])
    count = len(lines or Lines(data))
    if count != announced:
        # A newline inside quotes is no line end; only csv can tell.
        count = sum(1 for row in _split_rows(data, file) if row)
    if count != announced:
        raise BrokenFile(
            f"{file} has {count} lines where its footer counts {announced}: it was cut or filtered"
        )


def find_rows(
    data: bytes, table: Table, *, file: str = "the file", lines: Lines | None = None
) -> CsvRows:
    """Return where the rows of `table` lie, whatever its version and column order.

    Args:
        lines: those of `data`, where they are known.

    Raises:
        BrokenFile: no such table, or a required column is missing.
    """
    lines = lines or Lines(data)
    header = _choose_header(data, lines, table, file)
    label = f"{table.name} in {file}"
    rows = _contiguous_rows(data, lines, header, label)
    rows = rows or _scattered_rows(data, header, label, file)
    rows.require_columns(table.required)
    return rows


def _choose_header(data: bytes, lines: Lines, table: Table, file: str) -> _Header:
    """Return the I row of `table`; of several versions, as in PUBLIC_DAILY, the newest with rows."""
    every = [*_headers(data, lines, b"I,"), *_headers(data, lines, b'"I",')]
    by_name = ([header for header in every if header.names == names] for names in table.row_names)
    found = next(filter(None, by_name), [])
    if not found:
        wanted = table.row_names[0]
        there = ", ".join(f"{header.row_type} {header.row_subtype}" for header in every[:8])
        raise BrokenFile(f"{file} holds no {' '.join(wanted)} rows, only {there or 'others'}")
    if len(found) == 1:
        return found[0]
    newest = max(found, key=lambda header: (_has_rows(lines, header), header.version.zfill(9)))
    if any(other.version == newest.version and other.columns != newest.columns for other in found):
        raise BrokenFile(f"{file} gives {table.name} twice with different columns")
    return newest


def _headers(data: bytes, lines: Lines, prefix: bytes) -> Iterator[_Header]:
    # the first line is a C line, whatever it looks like
    for number in lines.beginning_with(prefix).tolist():
        fields = _split_line(data[lines.starts[number] : lines.end(number)])
        if number and len(fields) > _LEADING_FIELDS:
            subtype = "" if _EMPTY_IN_PANDAS.fullmatch(fields[2]) else fields[2]
            yield _Header(fields[1], subtype, fields[3], tuple(fields[4:]), number + 1)


def _has_rows(lines: Lines, header: _Header) -> bool:
    return len(lines.beginning_with(header.mark)) > 0


def _contiguous_rows(data: bytes, lines: Lines, header: _Header, label: str) -> CsvRows | None:
    """Return the rows if all of them stand in one block below their I row, else None."""
    rows = lines.beginning_with(header.mark)
    if not len(rows) or rows[0] != header.next_line or rows[-1] - rows[0] + 1 != len(rows):
        return None
    body = memoryview(data)[lines.starts[rows[0]] : lines.end(int(rows[-1]))]
    return CsvRows(label, header.columns, _LEADING_FIELDS, body, len(rows))


def _scattered_rows(data: bytes, header: _Header, label: str, file: str) -> CsvRows:
    """Gather the rows from all over the file, with a true csv reader, into a block of their own."""
    wanted = ["D", header.row_type, header.row_subtype, header.version]
    rows = [row for row in _split_rows(data, file) if row[:_LEADING_FIELDS] == wanted]
    block = io.StringIO(newline="")
    csv.writer(block, lineterminator="\n").writerows(rows)
    body = memoryview(block.getvalue().encode())
    return CsvRows(label, header.columns, _LEADING_FIELDS, body, len(rows), newlines_in_values=True)


def _split_rows(data: bytes, file: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(data.decode(), newline=""))
    except (csv.Error, UnicodeDecodeError) as error:
        raise BrokenFile(f"{file} is not csv text: {error}") from error


def _split_line(line: bytes) -> list[str]:
    text = line.decode("utf-8", "replace").strip("\r\n")
    try:
        return next(csv.reader([text]), [""]) or [""]
    except csv.Error:
        return [""]
