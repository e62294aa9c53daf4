"""Accept or refuse a published file as a whole, before it enters the archive.

A file is read once, in blocks, numbers typed as float64, of stamps only the different ones kept; or,
where its rows are wanted anyway, as the text that they are, and the numbers are tried afterwards.
Only when that fails is it read again, to name the culprit.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.aemo_csv import check_footer, creation_stamp, find_rows
from nemflow.tasks.nem.csv_lines import Lines
from nemflow.tasks.nem.csv_rows import (
    CsvRows,
    as_numbers,
    read_all,
    read_batches,
    texts_of,
)
from nemflow.tasks.nem.market_time import Month, format_stamp, month_bounds, parse_stamp
from nemflow.tasks.nem.price_demand import find_region_rows
from nemflow.tasks.nem.tables import PRICE_AND_DEMAND, STAMP, Table
from nemflow.tasks.nem.unzip import open_published


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a verified file says of itself.

    Args:
        created: AEMO's creation stamp of the first C line, NEM time; empty where there is none.
        rows: rows of the table, of every INTERVENTION.
        last_stamp: the last interval end within the month, NEM time.
        complete: the file reaches the month's last interval.
    """

    created: str
    rows: int
    last_stamp: datetime
    complete: bool


VerifyTable = Callable[[Path, Table, Month], FileFacts]


def verify_table_file(
    path: Path, table: Table, month: Month, keep: Callable[[pa.Table], None] | None = None
) -> FileFacts:
    """Check the zip (or bare csv) of one AEMO table's month from magic to last number.

    Zip, check sum, footer count, required columns, at least one row, every stamp of the month
    (a repeated interval at its edges is let pass), every `Table.numeric` a number or empty.

    Args:
        keep: is given all rows of a file that passes, as text, for whom they are wanted next.

    Raises:
        BrokenFile: the file is not whole, or not what its name says.
    """
    data = open_published(path)
    created = creation_stamp(data, file=path.name)
    lines = Lines(data)
    check_footer(data, file=path.name, lines=lines)
    rows = find_rows(data, table, file=path.name, lines=lines)
    if keep is None:
        texts = check_numbers(rows, table, [table.stamp])
        return _facts(rows, texts[table.stamp], month, created, table.days_beyond)
    kept = read_all(rows)
    del data, lines
    rows = rows.without_body()  # a month's text takes as much memory as its rows
    _check_number_texts(kept, rows, table)
    stamps = set(texts_of(kept[table.stamp].unique()))
    facts = _facts(rows, stamps, month, created, table.days_beyond)
    keep(kept)
    return facts


def verify_region_file(path: Path, region: str, month: Month) -> FileFacts:
    """Check one region's PRICE_AND_DEMAND csv from header to last number.

    The region asked and no other, PERIODTYPE TRADE throughout, stamps of the month and on the
    grid. A month that is not over is accepted as not complete.

    Raises:
        BrokenFile: the file is not whole, or not what its name says.
    """
    table = PRICE_AND_DEMAND
    rows = find_region_rows(open_published(path), file=path.name)
    texts = check_numbers(rows, table, [STAMP, table.region_column, "PERIODTYPE"])
    _check_only(texts[table.region_column], table.region_column, region, rows.label)
    _check_only(texts["PERIODTYPE"], "PERIODTYPE", "TRADE", rows.label)
    facts = _facts(rows, texts[STAMP], month, created="")
    _check_grid(texts[STAMP], table.minutes_on(month.first_day), rows.label)
    return facts


def check_numbers(rows: CsvRows, table: Table, names: Sequence[str]) -> dict[str, set[str]]:
    """Check all numbers of the file and return the different texts of the columns `names`."""
    numeric = [column for column in table.numeric if column in rows.columns]
    types: dict[str, pa.DataType] = dict.fromkeys(numeric, pa.float64())
    types.update(dict.fromkeys(names, pa.string()))
    texts: dict[str, set[str]] = {name: set() for name in names}
    try:
        for batch in read_batches(rows, types):
            if not all(_is_finite(batch.column(column)) for column in numeric):
                raise BrokenFile(f"{rows.label} has a number that is not finite")
            for name in names:
                texts[name].update(texts_of(batch.column(name).unique()))
    except BrokenFile:
        _blame_number(read_batches(rows), rows.label, table, numeric)
        raise
    return texts


def _check_number_texts(kept: pa.Table, rows: CsvRows, table: Table) -> None:
    """Check all numbers of rows that were read as text."""
    numeric = [column for column in table.numeric if column in rows.columns]
    try:
        is_good = all(_is_finite(as_numbers(kept[column])) for column in numeric)
    except pa.ArrowInvalid:
        is_good = False
    if not is_good:
        _blame_number(kept.to_batches(), rows.label, table, numeric)
        raise BrokenFile(f"{rows.label} has a number that is not finite")


def _is_finite(column: "pa.Array[Any] | pa.ChunkedArray[Any]") -> bool:
    # One sum is infinite or no number as soon as one of its parts is.
    return math.isfinite(pc.sum(column).as_py() or 0.0)


def _blame_number(
    batches: Iterable[pa.RecordBatch], label: str, table: Table, numeric: Sequence[str]
) -> None:
    """Raise `BrokenFile` that names the first text that is no number, if there is one."""
    for batch in batches:
        for column in numeric:
            texts = texts_of(batch.column(column))
            index = next((i for i, text in enumerate(texts) if not _is_number(text)), None)
            if index is not None:
                row = {name: batch.column(name)[index].as_py() for name in table.required}
                raise BrokenFile(
                    f"{label}: {column} of {row[table.region_column]} "
                    f"at {row[table.stamp]} is {texts[index]!r}, not a number"
                )


def _is_number(text: str) -> bool:
    try:
        # Python alone reads underscores and digits of other scripts.
        return not text or (text.isascii() and "_" not in text and math.isfinite(float(text)))
    except ValueError:
        return False


def _facts(
    rows: CsvRows, stamps: set[str], month: Month, created: str, days_beyond: int = 0
) -> FileFacts:
    """Check the different stamps of a file against its month."""
    if not stamps:
        raise BrokenFile(f"{rows.label} has no rows")
    check_stamp_texts(stamps, rows.label)
    start, end = (format_stamp(bound) for bound in month_bounds(month))
    within = [stamp for stamp in stamps if start < stamp <= end]
    if not within:
        raise BrokenFile(
            f"{rows.label} holds {min(stamps)} to {max(stamps)}, nothing of {month}; "
            "it is another month's file"
        )
    _check_edges(stamps.difference(within), month, rows.label, days_beyond)
    last = parse_stamp(max(within))
    return FileFacts(created, rows.count, last, complete=last == parse_stamp(end))


def check_stamp_texts(stamps: Iterable[str], label: str) -> None:
    # A month has 31 dates and 288 times of day but 8,928 stamps: parse the halves.
    dates = {stamp[:10]: stamp for stamp in stamps}
    times = {stamp[10:]: stamp for stamp in stamps}
    halves = [(half + " 00:00:00", stamp) for half, stamp in dates.items()]
    halves += [("2000/01/01" + half, stamp) for half, stamp in times.items()]
    for text, stamp in halves:
        try:
            parse_stamp(text)
        except BrokenFile:
            raise BrokenFile(f"{label}: the stamp {stamp!r} is not YYYY/MM/DD HH:MM:SS") from None


def _check_edges(outside: Iterable[str], month: Month, label: str, days_beyond: int) -> None:
    """Let the one interval before and after the month pass, and the days that a table adds."""
    start, end = month_bounds(month)
    latest = end + timedelta(days=days_beyond, minutes=30)
    for stamp in sorted(outside):
        instant = parse_stamp(stamp)
        if instant < start or instant > latest:
            raise BrokenFile(f"{label} has a row of {stamp}, which is not in {month}")


def _check_only(texts: set[str], column: str, expected: str, label: str) -> None:
    others = sorted(texts - {expected})
    if others:
        raise BrokenFile(f"{label}: {column} is {others[0]!r} where {expected!r} is expected")


def _check_grid(stamps: Iterable[str], minutes: int, label: str) -> None:
    times = {stamp[11:]: stamp for stamp in stamps}
    for time, stamp in times.items():
        if int(time[3:5]) % minutes or time[6:] not in ("", "00"):
            raise BrokenFile(f"{label}: {stamp} does not end an interval of {minutes} minutes")
