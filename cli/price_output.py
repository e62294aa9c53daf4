"""Where prices go: to standard output or a file, as a table, CSV, JSON lines or Parquet; in pieces."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import click
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.types import is_string

from nemflow.cli.price_texts import csv_header, csv_lines, json_lines, table_header, table_lines
from nemflow.results.atomic import atomic_path

_ROWS_AT_ONCE = 10_000  # of text, which is several times as large as what it is made from


class Writer(Protocol):
    """Takes rows piece by piece."""

    def write(self, table: pa.Table) -> None:
        """Take more rows."""

    def close(self) -> None:
        """Write what has to come last."""


class _Texts:
    """Writes the lines of a text format."""

    def __init__(self, stream: BinaryIO, form: str, schema: pa.Schema, *, bold: bool) -> None:
        self._stream = stream
        self._form = form
        if form == "csv":
            self._stream.write(csv_header(schema))
        elif form == "table":
            lines = "\n".join(table_header(schema))
            self._stream.write(f"{click.style(lines, bold=True) if bold else lines}\n".encode())

    def write(self, table: pa.Table) -> None:
        for first in range(0, table.num_rows, _ROWS_AT_ONCE):
            self._stream.write(self._text(table.slice(first, _ROWS_AT_ONCE)))

    def close(self) -> None:
        self._stream.flush()

    def _text(self, table: pa.Table) -> bytes:
        if self._form == "table":
            return ("\n".join(table_lines(table)) + "\n").encode()
        return csv_lines(table) if self._form == "csv" else json_lines(table)


class _Parquet:
    """Writes one Parquet file, a row group a piece."""

    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        words = [field.name for field in schema if is_string(field.type)]
        self._file = pq.ParquetWriter(
            stream,
            schema,
            version="2.6",
            compression="zstd",
            use_dictionary=words or False,  # type: ignore[arg-type]  # the stubs know no list
        )

    def write(self, table: pa.Table) -> None:
        if table.num_rows:
            self._file.write_table(table, row_group_size=table.num_rows)

    def close(self) -> None:
        self._file.close()


@contextmanager
def open_writer(
    form: str, schema: pa.Schema, file: Path | None, facts: Mapping[str, str], *, bold: bool = False
) -> Iterator[Writer]:
    """Give a writer of a format; a file gets its name when all of it is written.

    Args:
        form: ``table``, ``csv``, ``json`` or ``parquet``.
        schema: the columns that will come.
        file: where to; None for standard output.
        facts: what a Parquet file is to say of itself in its metadata.
        bold: print the head of a table bold.
    """
    if file is None:
        with _opened(form, schema, sys.stdout.buffer, facts, bold=bold) as writer:
            yield writer
        return
    with (
        atomic_path(file) as temporary,
        open(temporary, "wb") as stream,
        _opened(form, schema, stream, facts, bold=False) as writer,
    ):
        yield writer


@contextmanager
def _opened(
    form: str, schema: pa.Schema, stream: BinaryIO, facts: Mapping[str, str], *, bold: bool
) -> Iterator[Writer]:
    writer: Writer
    if form == "parquet":
        writer = _Parquet(stream, schema.with_metadata(dict(facts.items())))
    else:
        writer = _Texts(stream, form, schema, bold=bold)
    yield writer
    writer.close()
