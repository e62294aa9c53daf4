"""Tables as Parquet: the declared schema in, metadata and all, and the same schema out.

The module itself is light; pyarrow is imported by the functions that need it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nemflow.errors import ResultError, UnreadableTarget
from nemflow.results.parquet_footer import MAGIC, SMALLEST, read_footer, unreadable

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_ARROW_SCHEMA = "ARROW:schema"  # how Arrow keeps its own schema among the metadata


def write_table(
    table: pa.Table,
    path: str | os.PathLike[str],
    *,
    dictionary_columns: Sequence[str] = (),
    statistics_columns: Sequence[str] | None = None,
) -> None:
    """Write *table* to *path* as one row group, compressed with zstd.

    Only *dictionary_columns* are stored by dictionary: it makes a column of few names smaller, and
    one of many numbers larger and slower. Only *statistics_columns* (all, if it is None) get their
    least and greatest value noted, by which readers pass over what they do not look for. The file
    is written in place: give a temporary path, such as `atomic_path` or a file target has.

    Raises:
        ResultError: the table has no column of a name given here, or one in seconds.
    """
    write_groups(
        [table], path, dictionary_columns=dictionary_columns, statistics_columns=statistics_columns
    )


def write_groups(
    tables: Sequence[pa.Table],
    path: str | os.PathLike[str],
    *,
    dictionary_columns: Sequence[str] = (),
    statistics_columns: Sequence[str] | None = None,
) -> None:
    """Write *tables*, which have one schema, to *path* as a row group each; else as `write_table` does.

    The metadata of the first table's schema are kept.

    Raises:
        ResultError: see `write_table`.
    """
    import pyarrow as pa  # heavy
    import pyarrow.parquet as pq

    schema = tables[0].schema
    _check_units(schema, path)
    _check_columns(dictionary_columns, schema.names, path)
    _check_columns(statistics_columns or (), schema.names, path)
    # a file that is open already spares the writer the question which file system it is on
    with (
        pa.OSFile(os.fspath(path), "wb") as sink,
        pq.ParquetWriter(
            sink,
            schema,
            version="2.6",
            use_dictionary=list(dictionary_columns) or False,  # type: ignore[arg-type]  # the stubs know no list
            write_statistics=True if statistics_columns is None else list(statistics_columns),
            compression="zstd",
            compression_level=1,
        ) as file,
    ):
        for table in tables:
            file.write_table(table, row_group_size=max(table.num_rows, 1))


def read_table(path: str | os.PathLike[str], columns: Sequence[str] | None = None) -> pa.Table:
    """Return the table at *path*, or only *columns* of it, in the order they are named.

    Raises:
        ResultError: the file has no column of a name in *columns*.
        UnreadableTarget: the file is not there or is no whole Parquet file.
    """
    with _open(path) as file:
        if columns is None:
            return file.read()
        _check_columns(columns, file.schema_arrow.names, path)
        return file.read(columns=list(columns)).select(list(columns))


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the key-value metadata of the schema at *path*, without reading the data; needs no pyarrow.

    Raises:
        UnreadableTarget: the file is not there or is no whole Parquet file.
    """
    metadata = read_footer(path).metadata
    metadata.pop(_ARROW_SCHEMA, None)
    return metadata


def check_parquet_magic(path: str | os.PathLike[str]) -> None:
    """Check that the file at *path* begins and ends as a whole Parquet file does; needs no pyarrow.

    Raises:
        UnreadableTarget: it does not, or cannot be opened.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size
            head = os.pread(file, len(MAGIC), 0)
            tail = os.pread(file, 2 * len(MAGIC), max(size - 2 * len(MAGIC), 0))
        finally:
            os.close(file)
    except OSError as error:
        raise UnreadableTarget(f"{path} cannot be opened: {error.strerror or error}.") from error
    footer = int.from_bytes(tail[:4], "little")
    if head != MAGIC or tail[4:] != MAGIC or footer + SMALLEST > size:
        raise UnreadableTarget(
            f"{path} is not a whole Parquet file ({size} bytes); delete it to have it made again."
        )


@contextmanager
def _open(path: str | os.PathLike[str]) -> Iterator[pq.ParquetFile]:
    import pyarrow.lib  # heavy
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(os.fspath(path)) as file:
            yield file
    except (OSError, pyarrow.lib.ArrowException) as error:
        raise unreadable(path, str(error)) from error


def _check_units(schema: pa.Schema, path: str | os.PathLike[str]) -> None:
    from pyarrow.types import is_time32, is_timestamp

    # Parquet counts in ms, us or ns; seconds would come back as another type than was declared.
    timed = [field for field in schema if is_timestamp(field.type) or is_time32(field.type)]
    if coarse := [field.name for field in timed if field.type.unit == "s"]:
        raise ResultError(
            f"{os.fspath(path)} cannot hold times in whole seconds (column {', '.join(coarse)}): "
            "declare them in ms."
        )


def _check_columns(
    wanted: Sequence[str], present: Sequence[str], path: str | os.PathLike[str]
) -> None:
    if missing := [name for name in wanted if name not in present]:
        raise ResultError(
            f"{os.fspath(path)} has no column {', '.join(missing)}; it has {', '.join(present)}."
        )
