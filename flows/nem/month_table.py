"""Clean days on their way into a compacted month: read as they are, written as one file, read back."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nemflow import atomic_path
from nemflow.errors import UnreadableTarget
from nemflow.flows.nem.months import facts_of, join_days, replace_day, write_clean


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
    """The rows of one day, with what its file says of them in the metadata, and which file that was."""

    day: date
    rows: pa.Table
    mark: FileMark


def read_day_file(path: Path, day: date) -> Day:
    """Return the day that a file holds, and the mark of just the file that was read.

    Raises:
        UnreadableTarget: the file is no whole Parquet file, or not of that day or number of rows.
        FileNotFoundError: it is not there.
    """
    with open(path, "rb") as file:
        content, mark = file.read(), FileMark.of(os.fstat(file.fileno()))
    table = _read(io.BytesIO(content), path)
    facts = facts_of(table)
    if (facts.get("nemflow.day"), facts.get("nemflow.rows")) != (str(day), str(table.num_rows)):
        raise UnreadableTarget(
            f"{path} does not say that it holds {table.num_rows} rows of {day}; "
            "make the day again with nemflow run --force"
        )
    return Day(day, table, mark)


def write_month_file(days: Sequence[Day], path: Path) -> None:
    """Write the days as one file, atomically, and read it back.

    Raises:
        UnreadableTarget: what was written does not read back the same; it is not kept then.
    """
    _write(join_days([day.rows for day in days]), path)


def put_days_into(path: Path, newer: Sequence[Day]) -> None:
    """Replace days inside a compacted month, atomically.

    The caller holds the lock of the month's file.

    Raises:
        UnreadableTarget: the file is no whole Parquet file.
    """
    _write(reduce(replace_day, (day.rows for day in newer), _read(path, path)), path)


def _write(month: pa.Table, path: Path) -> None:
    with atomic_path(path) as temporary:
        write_clean(month, temporary)
        if not _read(temporary, temporary).equals(month):
            raise UnreadableTarget(f"{path} does not read back as it was written; it was not kept")


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
