"""Clean days as one table and file: a month, with what each day's own file said kept for each day.

Rows are sorted by interval end and region; a row group holds a few whole days, so that a reader of some
days passes over the others.
"""

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.types import is_string

from nemflow import atomic_path, parquet
from nemflow.errors import UnreadableTarget
from nemflow.flows.nem.day_facts import join_facts, split_facts
from nemflow.tasks.nem.market_time import day_bounds

DAYS_IN_A_GROUP = 5


@dataclass(frozen=True, slots=True)
class FileMark:
    """What tells a file from any other that has had or will have its name."""

    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> "FileMark":
        """Return the mark of a file whose `os.stat` this is."""
        return cls(stat.st_ino, stat.st_size, stat.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Day:
    """The rows of one day, what its file said of them, and which file that was."""

    day: date
    rows: pa.Table
    facts: Mapping[str, str]
    mark: FileMark | None = None


def read_day_file(path: Path, day: date) -> Day:
    """Return the day that a file holds, and the mark of just the file that was read.

    Raises:
        UnreadableTarget: the file is no whole Parquet file, or not of that day or number of rows.
        FileNotFoundError: it is not there.
    """
    with open(path, "rb") as file:
        content, mark = file.read(), FileMark.of(os.fstat(file.fileno()))
    table = _read(io.BytesIO(content), path)
    facts = split_facts(_texts(table.schema)).get(day)
    if facts is None or facts.get("nemflow.rows", "") != str(table.num_rows):
        raise UnreadableTarget(
            f"{path} does not say that it holds {table.num_rows} rows of {day}; "
            "make the day again with nemflow run --force"
        )
    return Day(day, table, facts, mark)


def read_month_file(path: Path) -> list[Day]:
    """Return the days of a compacted month, in order.

    Raises:
        UnreadableTarget: the file is no whole Parquet file, or does not say which days it holds.
    """
    table = _read(path, path)
    facts = split_facts(_texts(table.schema))
    days = [Day(day, _rows_of(table, day), said) for day, said in facts.items()]
    if sum(day.rows.num_rows for day in days) != table.num_rows:
        raise UnreadableTarget(f"{path} does not say of each row which day it is of")
    return days


def write_month_file(days: Iterable[Day], path: Path) -> None:
    """Write the days as one file, atomically, and read it back.

    Raises:
        UnreadableTarget: what was written does not read back the same; nothing is at *path* then.
    """
    ordered = sorted(days, key=lambda day: day.day)
    schema = _schema_of(ordered)
    groups = [
        pa.concat_tables(_fit(day.rows, schema) for day in ordered[n : n + DAYS_IN_A_GROUP])
        for n in range(0, len(ordered), DAYS_IN_A_GROUP)
    ]
    names = [field.name for field in schema if is_string(field.type)]
    with atomic_path(path) as temporary:
        parquet.write_groups(groups, temporary, dictionary_columns=names)
        if not _read(temporary, temporary).equals(pa.concat_tables(groups)):
            raise UnreadableTarget(f"{path} does not read back as it was written; it was not kept")


def put_days_into(path: Path, newer: Sequence[Day]) -> None:
    """Replace days inside a compacted month, atomically.

    The caller holds the lock of the month's file.

    Raises:
        UnreadableTarget: the file is no whole compacted month.
    """
    days = {day.day: day for day in (*read_month_file(path), *newer)}
    write_month_file(days.values(), path)


def _read(source: Path | io.BytesIO, path: Path) -> pa.Table:
    try:
        with pq.ParquetFile(source) as file:
            return file.read()
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise UnreadableTarget(
            f"{path} cannot be read as Parquet ({error}); delete it to have it made again"
        ) from error


def _texts(schema: pa.Schema) -> dict[str, str]:
    return {key.decode(): text.decode() for key, text in (schema.metadata or {}).items()}


def _rows_of(table: pa.Table, day: date) -> pa.Table:
    ends = table["interval_end"]
    after, end = (pa.scalar(at, ends.type) for at in day_bounds(day))
    return table.filter(pc.and_(pc.greater(ends, after), pc.less_equal(ends, end)))


def _schema_of(days: Sequence[Day]) -> pa.Schema:
    """Return the newest day's fields, then those that only older days have; the facts of all."""
    fields: dict[str, pa.Field[pa.DataType]] = {}
    for day in reversed(days):
        for field in day.rows.schema:
            fields.setdefault(field.name, field)
    joined = join_facts({day.day: day.facts for day in days})
    facts: dict[bytes | str, bytes | str] = dict(joined.items())
    return pa.schema(list(fields.values()), metadata=facts)


def _fit(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        pc.cast(rows[field.name], field.type)
        if field.name in rows.column_names
        else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    table = pa.Table.from_arrays(columns, schema=schema)
    return table.sort_by([("interval_end", "ascending"), ("region", "ascending")])
