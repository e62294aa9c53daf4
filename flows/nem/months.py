"""Clean days inside compacted months: where a day goes, and how it replaces itself there.

A compacted month is one file with the rows of all its days, sorted by interval end and region. Then
there are no files of days beside it, so a day that is made again goes into the month's file: the
whole file is written anew and moved into place, and readers see the old or the new one.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from nemflow import FileResult, parquet
from nemflow.errors import MarketError
from nemflow.flows.nem.handover import Handover
from nemflow.flows.nem.places import clean_month, clean_target, is_month, month_of
from nemflow.flows.nem.provenance import join_facts, split_facts
from nemflow.flows.nem.standing import (
    Standing,
    clear_standing,
    raw_standing,
    read_standing,
    standing_path,
    sweep_standings,
    write_standing,
)
from nemflow.tasks.nem.market_time import ARROW_ZONE, day_bounds

if TYPE_CHECKING:
    import pyarrow as pa

DAYS_IN_A_GROUP = 5


@dataclass(frozen=True, slots=True)
class CleanPlace:
    """The place of a clean day, chosen when a run starts: the compacted month, else the day's own file.

    Args:
        data_dir: the folder that places lie below.
        dataset: the name of the data set.
    """

    data_dir: Path = field(repr=False)  # where a flow runs is no part of its version
    dataset: str

    def __call__(self, *, date: date, **_: object) -> str:
        """Return the place below the data directory."""
        month = clean_month(self.dataset).format(date=date)
        if os.path.exists(os.path.join(self.data_dir, month)):
            return month
        return clean_target(self.dataset).format(date=date)

    def __str__(self) -> str:
        return clean_target(self.dataset)


class CleanResult(FileResult):
    """A clean day in a file of its own, or among the other days of its compacted month."""

    __slots__ = ("_handover",)

    def __init__(self, data_dir: Path, handover: Handover) -> None:
        super().__init__(data_dir, check=parquet.check_parquet_magic)
        self._handover = handover

    def exists(self, location: str, /, **fmt: Any) -> bool:
        """Tell whether there is the day, also where its month was compacted since the run started."""
        return super().exists(location, **fmt) or (not fmt and self._is_in_month(location))

    def read(self, location: str, /) -> Self:
        """Return a new result whose value is the path of the file that holds the day, checked."""
        if not super().exists(location) and self._is_in_month(location):
            location = month_of(location)
        return super().read(location)

    def find(self, location: str, /) -> Self | None:
        """Return what `read` does; None if the day is not there."""
        return self.read(location) if self.exists(location) else None

    def sweep(self, location: str) -> list[str]:
        """Remove what killed writers of the day or month left, and of the standings beside it."""
        folder = os.path.dirname(os.path.join(self.dir, location))
        return [*super().sweep(location), *sweep_standings(folder)]

    @contextmanager
    def writing(self, location: str, /) -> Iterator[Path]:
        """Yield the temporary path for the day; at the end move it, or the month with it, into place.

        Raises:
            MarketError: the month was compacted, or its file removed, since the run started.
        """
        final = os.path.join(self.dir, location)
        _check_still_there(final)
        with super().writing(location) as temporary:
            yield temporary
            _check_still_there(final)
            day, standing = self._standing(temporary)
            if standing is not None:
                write_standing(standing_path(final, day), standing)
            if is_month(final):
                rows = parquet.read_table(temporary)
                write_clean(replace_day(parquet.read_table(final), rows), temporary)

        if standing is None:
            clear_standing(standing_path(final, day))

    def _standing(self, temporary: Path) -> tuple[date, Standing | None]:
        """Return the day in a file, and its standing as the raw stage has it now."""
        facts = self._handover.take(temporary)
        day, data_dir = date.fromisoformat(facts["nemflow.day"]), Path(self.dir)
        dataset = facts["nemflow.flow"].removesuffix("_clean")
        return day, read_standing(raw_standing(data_dir, dataset, day))

    def _is_in_month(self, location: str) -> bool:
        """Tell whether a run that waited for a day's file finds its compacted month instead."""
        return not is_month(location) and super().exists(month_of(location))


def write_clean(table: "pa.Table", path: Path) -> None:
    """Write a clean day or month; names that repeat are stored once.

    A month has a row group for every few days, so that who reads some days passes over the others.
    """
    import pyarrow as pa  # heavy

    names = [field.name for field in table.schema if pa.types.is_string(field.type)]
    parquet.write_groups(_groups(table), path, dictionary_columns=names)


def _groups(table: "pa.Table") -> list["pa.Table"]:
    """Return a month cut between days; what does not say how many rows its days have, in one piece."""
    rows = [int(known.get("nemflow.rows", "0")) for known in split_facts(facts_of(table)).values()]
    if len(rows) < 2 or sum(rows) != table.num_rows:
        return [table]
    sizes = [sum(rows[n : n + DAYS_IN_A_GROUP]) for n in range(0, len(rows), DAYS_IN_A_GROUP)]
    starts = [sum(sizes[:n]) for n in range(len(sizes))]
    return [table.slice(start, size) for start, size in zip(starts, sizes, strict=True)]


def join_days(days: Sequence["pa.Table"]) -> "pa.Table":
    """Return the clean days of a month as one table, with what is known of each in the metadata.

    A column that only some days have, made before or after it was there, is null in the others.
    """
    joined = _in_order(days)
    return joined.replace_schema_metadata(join_facts(joined.num_rows, *map(facts_of, days)))


def replace_day(month: "pa.Table", day: "pa.Table") -> "pa.Table":
    """Return the month with the rows of one day, which `day` names in its metadata, in place of its own.

    Raises:
        MarketError: `day` does not say which day it is.
    """
    import pyarrow as pa  # heavy
    import pyarrow.compute as pc

    facts = facts_of(day)
    if not facts.get("nemflow.day"):
        raise MarketError("a clean table without nemflow.day in its metadata cannot join a month")
    instant = pa.timestamp("us", tz=ARROW_ZONE)
    start, end = (
        pa.scalar(b, instant) for b in day_bounds(date.fromisoformat(facts["nemflow.day"]))
    )
    ends = month["interval_end"]
    is_other: Any = pc.or_(pc.less_equal(ends, start), pc.greater(ends, end))
    joined = _in_order([month.filter(is_other), day])
    return joined.replace_schema_metadata(join_facts(joined.num_rows, facts_of(month), facts))


def _check_still_there(final: str) -> None:
    if is_month(final):
        if not os.path.exists(final):
            raise MarketError(
                f"the compacted month {final} is gone; run again to make the day's own file"
            )
    elif os.path.exists(month := month_of(final)):
        raise MarketError(f"{month} was compacted meanwhile; run again to replace the day in it")


def facts_of(table: "pa.Table") -> dict[str, str]:
    """Return the metadata of a table's schema as text."""
    return {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}


def _in_order(tables: Sequence["pa.Table"]) -> "pa.Table":
    """Return the rows of all tables, by interval end and region, in the columns of all of them."""
    import pyarrow as pa  # heavy

    fields = {field.name: field for table in tables for field in table.schema}
    schema = pa.schema(list(fields.values()))
    fitted = [_fit(table, schema) for table in tables]
    return pa.concat_tables(fitted).sort_by(
        [("interval_end", "ascending"), ("region", "ascending")]
    )


def _fit(table: "pa.Table", schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa  # heavy

    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
