"""What the flow runs of neighbouring days share in memory, so that each published file is parsed once.

::

    verification ──rows of a file──> desk ──a day's slice──> nem_prices_raw   of each day
    nem_prices_raw ────a day's rows──> desk ──all at once, tidied──> nem_prices_clean of each day

A desk is for one thread and a stretch of days, and is thrown away with them. What is not on it is
read from the disk as without it: a desk changes how long runs take, never what they make.
"""

import functools
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.published import Published
from nemflow.tasks.nem.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

    Tidy = Callable[[pa.Table], pa.Table]  # of text rows, the clean ones

Found = Published | Exception
"""The files that hold a day, or why they cannot be had."""

# A call takes as long for one day as for some; more days than this take memory and win nothing.
_TIDIED_AT_ONCE = 8

_Identity = tuple[str, int, int, int, int]

_log = logging.getLogger(__name__)


class Desk:
    """Published files found, their rows by day, and raw and clean rows of days.

    Args:
        published: what was found of each day beforehand: its files, or why they cannot be had.
    """

    def __init__(self, published: Mapping[date, Found] | None = None) -> None:
        self._published = dict(published or {})
        self._files: dict[_Identity, pa.Table] = {}
        self._days: dict[_Identity, defaultdict[date, pa.Table]] = {}
        self._raw: dict[date, pa.Table] = {}
        self._clean: dict[date, pa.Table] = {}
        self._tidied: set[date] = set()

    def put_published(self, published: Mapping[date, Found]) -> None:
        """Keep what was found of some days."""
        self._published.update(published)

    def published(self, day: date) -> Published | None:
        """Return the files that hold a day; None if nobody has looked for them.

        Raises:
            Exception: they cannot be had; mostly a `MarketError`.
        """
        found = self._published.get(day)
        if isinstance(found, Exception):
            raise found
        return found

    def put_file(self, path: Path, table: Table, rows: "pa.Table") -> None:
        """Keep all rows of a table of a file; the file may be renamed afterwards."""
        self._files[_identity(path, table.name)] = rows

    def rows(
        self, path: Path, table: Table, day: date, read: "Callable[[], pa.Table]"
    ) -> "pa.Table":
        """Return a file's rows of a day, none if it has none.

        Args:
            read: reads all rows of the file, if they are not here.

        Raises:
            BrokenFile: the file cannot be read.
        """
        from nemflow.tasks.nem.day_slices import split_days  # imports pyarrow

        identity = _identity(path, table.name)
        by_day = self._days.get(identity)
        if by_day is None:
            kept = self._files.pop(identity, None)
            rows = read() if kept is None else kept
            by_day = self._days[identity] = defaultdict(
                functools.partial(rows.slice, 0, 0), split_days(rows, table.stamp)
            )
        return by_day[day]

    def put_raw(self, day: date, rows: "pa.Table") -> None:
        """Keep the raw rows of a day, with their provenance."""
        self._raw[day] = rows

    def raw(self, day: date) -> "pa.Table | None":
        """Return the raw rows of a day, if they were just made."""
        return self._raw.get(day)

    def tidied(self, day: date, raw: "pa.Table", tidy: "Tidy") -> "pa.Table":
        """Return the clean rows of a day; those of the next days like it are made with it.

        Args:
            raw: the day's raw rows.
            tidy: makes clean rows, sorted by interval end, of raw rows of any number of days.

        Raises:
            BrokenFile: the day's rows cannot be made clean.
        """
        if self._raw.get(day) is raw and day not in self._tidied:
            self._tidy_with(day, raw, tidy)
        clean = self._clean.pop(day, None)
        return tidy(raw) if clean is None else clean

    def clear(self) -> None:
        """Let go of everything; flow runs may hold on to the desk until Python looks for cycles."""
        for kept in (
            self._published,
            self._files,
            self._days,
            self._raw,
            self._clean,
            self._tidied,
        ):
            kept.clear()

    def _tidy_with(self, day: date, raw: "pa.Table", tidy: "Tidy") -> None:
        """Tidy a day and the next ones on the desk that are of the same source and form, in one go."""
        import pyarrow as pa  # heavy

        from nemflow.tasks.nem.day_slices import split_clean_days  # imports pyarrow

        alike = {
            other: rows
            for other, rows in self._raw.items()
            if other not in self._tidied and _form(rows) == _form(raw)
        }
        others = (other for other in alike if other != day)
        alike = {each: alike[each] for each in (day, *islice(others, _TIDIED_AT_ONCE - 1))}
        self._tidied.update(alike)
        together = pa.concat_tables(
            rows.replace_schema_metadata(raw.schema.metadata) for rows in alike.values()
        )
        try:
            self._clean.update(split_clean_days(tidy(together)))
        except BrokenFile as error:  # of one day; alone, each other one passes
            _log.debug("the days are made clean one by one: %s", error)
        pa.default_memory_pool().release_unused()  # what making them took


def _identity(path: Path, table: str) -> _Identity:
    """Return what a file is known by, under whatever name it lies."""
    facts = os.stat(path)
    return table, facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _form(raw: "pa.Table") -> tuple[object, ...]:
    metadata = raw.schema.metadata or {}
    return (
        metadata.get(b"nemflow.source"),
        metadata.get(b"nemflow.table"),
        *raw.schema.names,
    )
