"""The places of the archive: one slot for each span that a file is published of.

::

    MMSDM/2014/MMSDM_2014_01/                    a table's month
    priceanddemand/2015/                         a region's month
    Reports/Public_Prices/2026/                  a trading day, or a month of them
    Reports/DispatchIS_Reports/2026/2026-02-19/  the single files of a day, one slot together
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from nemflow.tasks.nem.addresses import month_folder, region_file_name, table_file_stems
from nemflow.tasks.nem.feeds import Feed, Folder, Span
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.tables import Table


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the file of one span lies, below the root of the archive.

    Args:
        key: what a lock on the slot is taken on, and its unfinished files are named by.
        folder: for the whole file.
        names: that the whole file may have, the likeliest first; empty where only listings tell.
        partial_folder: for the file of a month that is not over; empty where there is none.
        issue_of: of a name that is not known beforehand, the number of its issue; None for the
            name of another slot.
    """

    key: str
    folder: str
    names: tuple[str, ...] = ()
    partial_folder: str = ""
    issue_of: Callable[[str], int | None] | None = None


def table_slot(table: Table, month: Month) -> Slot:
    """Return the slot of a table's month, under either of its names, zipped or (rarely) bare."""
    stems = table_file_stems(table, month)
    return Slot(
        key=f"{table.name}-{month}",
        folder=f"MMSDM/{month.year:04}/{month_folder(month)}",
        names=tuple(stem + suffix for suffix in (".zip", ".CSV") for stem in stems),
    )


def region_slot(region: str, month: Month) -> Slot:
    """Return the slot of a region's PRICE_AND_DEMAND month."""
    return Slot(
        key=f"PRICE_AND_DEMAND-{month}-{region}",
        folder=f"priceanddemand/{month.year:04}",
        names=(region_file_name(region, month),),
        partial_folder="priceanddemand/partial",
    )


def report_slot(feed: Feed, folder: Folder, span: Span) -> Slot:
    """Return the slot of one file of a feed; its name, with stamp or number, comes from a listing."""

    def issue_of(name: str) -> int | None:
        said = folder.recognize(name)
        return said.issue if said is not None and said.span == span else None

    return Slot(
        key=f"{feed.name}-{folder.grain}-{span.key}",
        folder=f"Reports/{feed.name}/{span.key[:4]}",
        issue_of=issue_of,
    )


def intervals_slot(feed: Feed, day: date) -> Slot:
    """Return the slot of all single files of a calendar day: a folder with one sidecar."""
    return Slot(
        key=f"{feed.name}-intervals-{day}",
        folder=f"Reports/{feed.name}/{day:%Y}",
        names=(day.isoformat(),),
    )
