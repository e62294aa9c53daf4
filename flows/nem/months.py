"""Clean days inside compacted months: where a day goes, and how it replaces itself there.

A compacted month is one file with the rows of all its days, sorted by interval end and region. Then
there are no files of days beside it, so a day that is made again goes into the month's file: the
whole file is written anew and moved into place, and readers see the old or the new one.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nemflow import FileResult, parquet
from nemflow.errors import MarketError
from nemflow.flows.nem.places import clean_month, clean_target, is_month, month_of
from nemflow.flows.nem.provenance import join_facts
from nemflow.flows.nem.standing import (
    Standing,
    clear_standing,
    raw_standing,
    read_standing,
    standing_path,
    write_standing,
)
from nemflow.tasks.nem.market_time import ARROW_ZONE, day_bounds

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class CleanPlace:
    """The place of a clean day, chosen when a run starts: the compacted month, else the day's own file.

    Args:
        data_dir: the folder that places lie below.
        dataset: the name of the data set.
    """

    data_dir: Path
    dataset: str

    def __call__(self, *, date: date, **_: object) -> str:
        """Return the place below the data directory."""
        month = clean_month(self.dataset).format(date=date)
        if os.path.exists(self.data_dir / month):
            return month
        return clean_target(self.dataset).format(date=date)

    def __str__(self) -> str:
        return clean_target(self.dataset)


class CleanResult(FileResult):
    """A clean day in a file of its own, or among the other days of its compacted month."""

    __slots__ = ()

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, check=parquet.check_parquet_magic)

    @contextmanager
    def writing(self, location: str, /) -> Iterator[Path]:
        """Yield the temporary path for the day; at the end move it, or the month with it, into place.

        Raises:
            MarketError: the month was compacted, or its file removed, since the run started.
        """
        final = Path(self.dir, location)
        _check_still_there(final)
        with super().writing(location) as temporary:
            yield temporary
            _check_still_there(final)
            day, standing = self._standing(temporary)
            if standing is not None:
                write_standing(standing_path(final, day), standing)
            if is_month(final.name):
                rows = parquet.read_table(temporary)
                write_clean(replace_day(parquet.read_table(final), rows), temporary)

        if standing is None:
            clear_standing(standing_path(final, day))

    def _standing(self, temporary: Path) -> tuple[date, Standing | None]:
        """Return the day in a file, and its standing as the raw stage has it now."""
        facts = parquet.read_metadata(temporary)
        day, data_dir = date.fromisoformat(facts["nemflow.day"]), Path(self.dir)
        dataset = facts["nemflow.flow"].removesuffix("_clean")
        return day, read_standing(raw_standing(data_dir, dataset, day))


def write_clean(table: "pa.Table", path: Path) -> None:
    """Write a clean day or month; names that repeat are stored once."""
    import pyarrow as pa  # heavy

    names = [field.name for field in table.schema if pa.types.is_string(field.type)]
    parquet.write_table(table, path, dictionary_columns=names)


def join_days(days: Sequence["pa.Table"]) -> "pa.Table":
    """Return the clean days of a month as one table, with what is known of each in the metadata."""
    import pyarrow as pa  # heavy

    joined = pa.concat_tables(days).sort_by(
        [("interval_end", "ascending"), ("region", "ascending")]
    )
    return joined.replace_schema_metadata(join_facts(joined.num_rows, *map(_facts, days)))


def replace_day(month: "pa.Table", day: "pa.Table") -> "pa.Table":
    """Return the month with the rows of one day, which `day` names in its metadata, in place of its own.

    Raises:
        MarketError: `day` does not say which day it is.
    """
    import pyarrow as pa  # heavy
    import pyarrow.compute as pc

    facts = _facts(day)
    if not facts.get("nemflow.day"):
        raise MarketError("a clean table without nemflow.day in its metadata cannot join a month")
    instant = pa.timestamp("us", tz=ARROW_ZONE)
    start, end = (
        pa.scalar(b, instant) for b in day_bounds(date.fromisoformat(facts["nemflow.day"]))
    )
    ends = month["interval_end"]
    is_other: Any = pc.or_(pc.less_equal(ends, start), pc.greater(ends, end))
    joined = pa.concat_tables([month.filter(is_other), day.cast(month.schema)])
    joined = joined.sort_by([("interval_end", "ascending"), ("region", "ascending")])
    return joined.replace_schema_metadata(join_facts(joined.num_rows, _facts(month), facts))


def _check_still_there(final: Path) -> None:
    if is_month(final.name) and not final.exists():
        raise MarketError(
            f"the compacted month {final} is gone; run again to make the day's own file"
        )
    if not is_month(final.name) and (month := final.with_name(month_of(final.name))).exists():
        raise MarketError(f"{month} was compacted meanwhile; run again to replace the day in it")


def _facts(table: "pa.Table") -> dict[str, str]:
    return {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
