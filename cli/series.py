"""What is drawn: the values of one column, a series for each region."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one region, in order of time, nulls left out.

    Attributes:
        region: whose.
        starts: of the intervals, in seconds since 1970 (UTC).
        ends: of the intervals.
        values: one for each interval.
    """

    region: str
    starts: Any  # numpy arrays of float64
    ends: Any
    values: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All that a drawing shows and says.

    Attributes:
        series: one for each region, none of them empty.
        since: where the axis of time begins, market time.
        until: where it ends.
        dataset: whose data.
        column: the column drawn.
        unit: of the column.
        grain: the length of the intervals in words.
        is_synthetic: whether the data are made up.
        source: whose data they are, in a line.
    """

    series: tuple[Series, ...]
    since: datetime
    until: datetime
    dataset: str
    column: str
    unit: str
    grain: str
    is_synthetic: bool
    source: str

    @property
    def title(self) -> str:
        """What is drawn, for which days."""
        last = (self.until - timedelta(microseconds=1)).date()
        days = f"{self.since.date()}" + (f" to {last}" if last > self.since.date() else "")
        mark = "SYNTHETIC " if self.is_synthetic else ""
        return f"{mark}{self.dataset} {self.column}, {days}"


def series_of(table: "pa.Table", column: str) -> Iterator[Series]:
    """Yield the series of each region that has values, by name."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def seconds(name: str, rows: "pa.Table") -> Any:
        return pc.cast(rows[name], pa.int64()).to_numpy() / 1e6

    names: list[Any] = pc.unique(table["region"]).to_pylist()
    for region in sorted(names):
        wanted: Any = pc.and_(pc.equal(table["region"], region), pc.is_valid(table[column]))
        rows = table.filter(wanted)
        if rows.num_rows:
            values = pc.cast(rows[column], pa.float64()).to_numpy()
            yield Series(
                region, seconds("interval_start", rows), seconds("interval_end", rows), values
            )
