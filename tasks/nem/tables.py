"""One frozen record for each AEMO table: its names, needed columns, numbers, key and grid.

AEMO's version number fixes neither columns nor their order (the same version was seen with 54 and
56 columns, another in two orders), so every reader goes by column name and needs only these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from nemflow.tasks.nem.market_time import FIVE_MINUTE_SETTLEMENT

# The column of interval ends, the same in every table that nemflow reads.
STAMP = "SETTLEMENTDATE"

# Frequency control services; the 1-second pair since 2023-10-09.
FCAS_SERVICES = (
    "RAISE1SEC",
    "RAISE6SEC",
    "RAISE60SEC",
    "RAISE5MIN",
    "RAISEREG",
    "LOWER1SEC",
    "LOWER6SEC",
    "LOWER60SEC",
    "LOWER5MIN",
    "LOWERREG",
)

_FCAS_RRP = tuple(f"{service}RRP" for service in FCAS_SERVICES)


@dataclass(frozen=True, slots=True)
class Table:
    """What nemflow knows of one AEMO table.

    Args:
        name: AEMO's name of the table, as in its file names.
        row_type: second field of its I and D rows; empty for a plain csv with one header line.
        row_subtype: third field of its I and D rows.
        required: columns without which the table is of no use.
        numeric: columns that become numbers: their text, where not empty, must be one;
            each column may be absent.
        key: columns that tell two rows apart.
        region_column: the column that names the region.
        minutes: length of an interval in minutes today.
        minutes_before_settlement: the same up to 2021-10-01 00:00, before 5-minute settlement.
    """

    name: str
    row_type: str
    row_subtype: str
    required: tuple[str, ...]
    numeric: tuple[str, ...]
    key: tuple[str, ...]
    region_column: str
    minutes: int
    minutes_before_settlement: int

    def minutes_on(self, day: date) -> int:
        """Return the length in minutes of the table's intervals on `day`."""
        if day < FIVE_MINUTE_SETTLEMENT.date():
            return self.minutes_before_settlement
        return self.minutes


DISPATCHPRICE = Table(
    name="DISPATCHPRICE",
    row_type="DISPATCH",
    row_subtype="PRICE",
    required=("SETTLEMENTDATE", "REGIONID", "INTERVENTION", "RRP"),
    numeric=(
        *("INTERVENTION", "RRP", "ROP", "APCFLAG", "MARKETSUSPENDEDFLAG"),
        *_FCAS_RRP,
    ),
    key=("SETTLEMENTDATE", "RUNNO", "REGIONID", "DISPATCHINTERVAL", "INTERVENTION"),
    region_column="REGIONID",
    minutes=5,
    minutes_before_settlement=5,
)

# The regional table of the daily reports and of Dispatch_Reports; PUBLIC_DAILY holds it twice,
# as version 2 and 3.
DREGION = Table(
    name="DREGION",
    row_type="DREGION",
    row_subtype="",
    required=("SETTLEMENTDATE", "REGIONID", "INTERVENTION", "RRP"),
    numeric=(
        *("INTERVENTION", "RRP", "ROP", "APCFLAG", "MARKETSUSPENDEDFLAG", "TOTALDEMAND"),
        *_FCAS_RRP,
    ),
    key=("SETTLEMENTDATE", "RUNNO", "REGIONID", "INTERVENTION"),
    region_column="REGIONID",
    minutes=5,
    minutes_before_settlement=5,
)

TRADINGPRICE = Table(
    name="TRADINGPRICE",
    row_type="TRADING",
    row_subtype="PRICE",
    required=("SETTLEMENTDATE", "REGIONID", "PERIODID", "RRP"),
    numeric=("PERIODID", "RRP", "ROP", *_FCAS_RRP),
    key=("SETTLEMENTDATE", "RUNNO", "REGIONID", "PERIODID"),
    region_column="REGIONID",
    minutes=5,
    minutes_before_settlement=30,
)

PRICE_AND_DEMAND = Table(
    name="PRICE_AND_DEMAND",
    row_type="",
    row_subtype="",
    required=("REGION", "SETTLEMENTDATE", "TOTALDEMAND", "RRP", "PERIODTYPE"),
    numeric=("TOTALDEMAND", "RRP"),
    key=("SETTLEMENTDATE", "REGION"),
    region_column="REGION",
    minutes=5,
    minutes_before_settlement=30,
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {table.name: table for table in (DISPATCHPRICE, DREGION, TRADINGPRICE, PRICE_AND_DEMAND)}
)
