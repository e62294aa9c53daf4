"""What became of a clean day when it was made again: old and new value, interval by interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow import parquet
from nemflow.flows.nem.places import clean_month, clean_target
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.market_time import NEM_TIME, market_day

if TYPE_CHECKING:
    import pyarrow as pa

# Of the row itself or of where it is from, which is told once for the day.
_NOT_COMPARED = frozenset(
    {"interval_start", "interval_end", "region", "resolution_minutes", "source", "quality"}
)

Value = float | int | bool | str | None
_Key = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is another now; None where there was none, or is none any more."""

    interval_end: datetime
    region: str
    column: str
    old: Value
    new: Value

    def as_json(self) -> dict[str, object]:
        """Return the change as a JSON object; the interval's end in market time."""
        return {
            "interval_end": self.interval_end.isoformat(),
            "region": self.region,
            "column": self.column,
            "old": self.old,
            "new": self.new,
        }


@dataclass(frozen=True, slots=True)
class DayValues:
    """The values of a clean day, by interval end and region; and where they are from."""

    rows: Mapping[_Key, Mapping[str, Value]]
    source: str = ""
    quality: str = ""


def read_values(data_dir: Path, dataset: Dataset, day: date) -> DayValues:
    """Return what is kept of a clean day, in its own file or its month's, if any.

    Raises:
        UnreadableTarget: the file cannot be read.
    """
    for place in (clean_month(dataset.name), clean_target(dataset.name)):
        path = data_dir / place.format(date=day)
        if path.exists():
            return values_of(parquet.read_table(path), day)
    return DayValues({})


def values_of(clean: "pa.Table", day: date) -> DayValues:
    """Return the values of one day of a clean table."""
    compared = [name for name in clean.column_names if name not in _NOT_COMPARED]
    columns: Sequence[Sequence[Value]] = [clean[name].to_pylist() for name in compared]
    origins: set[tuple[str, str]] = set()
    rows: dict[_Key, Mapping[str, Value]] = {}
    keys = zip(*(clean[name].to_pylist() for name in _KEYS), strict=True)
    for key, *values in zip(keys, *columns, strict=True):
        end, region, source, quality = key
        if market_day(end) == day:
            rows[end.astimezone(NEM_TIME), region] = dict(zip(compared, values, strict=True))
            origins.add((source, quality))
    source, quality = min(origins, default=("", ""))
    return DayValues(rows, source, quality)


_KEYS = ("interval_end", "region", "source", "quality")


def compare(old: DayValues, new: DayValues) -> list[Change]:
    """Return every value that differs, in the order of interval, region and column."""
    changes = []
    for end, region in sorted({*old.rows, *new.rows}):
        before, after = old.rows.get((end, region), {}), new.rows.get((end, region), {})
        for column in {**before, **after}:
            was, now = before.get(column), after.get(column)
            if was != now:
                changes.append(Change(end, region, column, was, now))
    return changes
