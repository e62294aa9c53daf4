"""The places of the archive: one slot for each month of a table, or of a region's prices."""

from dataclasses import dataclass

from nemflow.tasks.nem.addresses import month_folder, region_file_name, table_file_stems
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.tables import Table


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one month of a table or region lies, below the root of the archive.

    Args:
        key: what a lock on the slot is taken on, and its unfinished files are named by.
        folder: for the whole file.
        names: that the whole file may have, the likeliest first.
        partial_folder: for the file of a month that is not over; empty where there is none.
    """

    key: str
    folder: str
    names: tuple[str, ...]
    partial_folder: str = ""


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
