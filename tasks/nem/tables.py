"""One frozen record for each AEMO table, from which reading, checking and tidying follow.

AEMO's version number fixes neither columns nor their order (the same version was seen with 54 and
56 columns, another in two orders), so every reader goes by column name and needs only these.

A new table is one record here and one line in ``datasets.py``; ``ROOFTOP_PV_ACTUAL`` is an example.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from nemflow.tasks.nem.columns import (
    DEMAND_COLUMNS,
    FCAS_PRICES,
    INVALID_FLAG,
    PRICE_COLUMNS,
    PRICE_CONFIDENCE,
    PRICE_FLAGS,
    PRICE_STATUS,
    ROOFTOP_COLUMNS,
    VARIABLE_GENERATION,
    Column,
    Kind,
)
from nemflow.tasks.nem.columns import FCAS_SERVICES as FCAS_SERVICES
from nemflow.tasks.nem.market_time import FIVE_MINUTE_SETTLEMENT

# The column of interval ends in most tables.
STAMP = "SETTLEMENTDATE"

# Tells the pricing run (0) from the physical one (1) of an interval in which AEMO directed.
INTERVENTION = "INTERVENTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What nemflow knows of one AEMO table.

    Args:
        name: AEMO's name of the table, as in its file names.
        row_type: second field of its I and D rows; empty for a plain csv with one header line.
        row_subtype: third field of its I and D rows.
        other_row_names: types and subtypes that its rows may have instead.
        required: columns without which the table is of no use.
        key: columns that tell two rows apart.
        clean: the columns that clean tables keep; each may be absent from a file.
        region_column: the column that names the region.
        stamp: the column of interval ends.
        minutes: length of an interval in minutes today.
        minutes_before_settlement: the same up to 2021-10-01 00:00, before 5-minute settlement.
        period_column: where it is named, it numbers a day's intervals from midnight, beginning with 1,
            and must agree with the stamp.
        grade_column: where it is named, rows of one interval and region differ in it, and the best
            of them is taken.
        grades: what stands in that column, the worst first.
        parts: areas beside the regions, each a part of one: in raw rows only, since they would be
            counted twice.
        days_beyond: how many days of the next month a month's file may hold as well.
        since: the first day that files hold it of; None if that is up to the source.
        until: the first day that no file holds it of any more; None if it is published still.
    """

    name: str
    row_type: str
    row_subtype: str
    required: tuple[str, ...]
    key: tuple[str, ...]
    clean: tuple[Column, ...]
    region_column: str = "REGIONID"
    stamp: str = STAMP
    minutes: int = 5
    minutes_before_settlement: int = 5
    other_row_names: tuple[tuple[str, str], ...] = ()
    period_column: str = ""
    grade_column: str = ""
    grades: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    days_beyond: int = 0
    since: date | None = None
    until: date | None = None

    @property
    def row_names(self) -> tuple[tuple[str, str], ...]:
        """The types and subtypes that its I and D rows may have, the first if there is a choice."""
        return ((self.row_type, self.row_subtype), *self.other_row_names)

    @property
    def numeric(self) -> tuple[str, ...]:
        """The columns whose text, where not empty, must be a number."""
        read = tuple(column.aemo for column in self.clean if column.kind is not Kind.TEXT)
        return (INTERVENTION, *read) if self.has_runs else read

    @property
    def has_runs(self) -> bool:
        """Whether an interval has two rows for each region where AEMO directed."""
        return INTERVENTION in self.required

    @property
    def is_plain(self) -> bool:
        """Whether it is published as a csv with one header line, without AEMO's C, I and D rows."""
        return not self.row_type

    def is_published_of(self, day: date) -> bool:
        """Tell whether files of `day` have the table at all."""
        has_begun = self.since is None or day >= self.since
        return has_begun and (self.until is None or day < self.until)

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
    key=("SETTLEMENTDATE", "RUNNO", "REGIONID", "DISPATCHINTERVAL", "INTERVENTION"),
    clean=(*PRICE_COLUMNS, *FCAS_PRICES, *PRICE_FLAGS, PRICE_STATUS),
)

# Demand and generation of the dispatch runs; DispatchIS holds it beside the prices.
DISPATCHREGIONSUM = Table(
    name="DISPATCHREGIONSUM",
    row_type="DISPATCH",
    row_subtype="REGIONSUM",
    required=("SETTLEMENTDATE", "REGIONID", "INTERVENTION", "TOTALDEMAND"),
    key=("SETTLEMENTDATE", "RUNNO", "REGIONID", "DISPATCHINTERVAL", "INTERVENTION"),
    clean=(*DEMAND_COLUMNS, *VARIABLE_GENERATION),
)

# The regional table of the daily reports and of Dispatch_Reports, prices and demand in one;
# PUBLIC_DAILY holds it twice, as version 2 and 3.
DREGION = Table(
    name="DREGION",
    row_type="DREGION",
    row_subtype="",
    required=("SETTLEMENTDATE", "REGIONID", "INTERVENTION", "RRP", "TOTALDEMAND"),
    key=("SETTLEMENTDATE", "RUNNO", "REGIONID", "INTERVENTION"),
    clean=(*PRICE_COLUMNS, *FCAS_PRICES, *PRICE_FLAGS, *DEMAND_COLUMNS),
)

# The half hours of PUBLIC_PRICES, from its files of 2011 and 2021 as others have told: no copy of one
# is at hand. Known is that the price is the eighth field; that the table ended with 5-minute
# settlement is inferred. What it has of the other columns is read, whichever they are.
TREGION = Table(
    name="TREGION",
    row_type="TREGION",
    row_subtype="",
    required=("SETTLEMENTDATE", "REGIONID", "RRP"),
    key=("SETTLEMENTDATE", "RUNNO", "REGIONID"),
    clean=(*PRICE_COLUMNS, *FCAS_PRICES, INVALID_FLAG),
    minutes_before_settlement=30,
    until=FIVE_MINUTE_SETTLEMENT.date(),
)

TRADINGPRICE = Table(
    name="TRADINGPRICE",
    row_type="TRADING",
    row_subtype="PRICE",
    required=("SETTLEMENTDATE", "REGIONID", "PERIODID", "RRP"),
    key=("SETTLEMENTDATE", "RUNNO", "REGIONID", "PERIODID"),
    clean=(*PRICE_COLUMNS, *FCAS_PRICES, PRICE_STATUS, INVALID_FLAG),
    minutes_before_settlement=30,
)

# What was the trading price before 5-minute settlement: half-hour means. No copy of a file is at hand.
# Known are, from AEMO's data model report, the columns, the key and that PERIODDATE ends the half hour
# and PERIODID counts 1 to 48; from its listings, the file name of 2024-08 (65 KB) and that the DATA
# folders of 2021-10 and 2024-07 have none; from public code made of AEMO's own list of file types,
# that rows begin TRADING,AVERAGEPRICE30,1. Assumed is that months hold what those of TRADINGPRICE do.
# Other names of the rows are let pass, since the columns are those of no other table; whether the
# means are rounded to cents is open, and nothing here rests on it. A newer edition of the report
# explains PERIODDATE by the words for PERIODID: so PERIODID has to agree with it, row by row.
AVERAGEPRICE30 = Table(
    name="AVERAGEPRICE30",
    row_type="TRADING",
    row_subtype="AVERAGEPRICE30",
    other_row_names=(("TRADING", "AVERAGE_PRICE_30"), ("AVERAGEPRICE30", "")),
    required=("PERIODDATE", "REGIONID", "PERIODID", "RRP", "PRICE_CONFIDENCE"),
    key=("PERIODDATE", "REGIONID"),
    clean=(PRICE_COLUMNS[0], PRICE_CONFIDENCE),
    stamp="PERIODDATE",
    minutes=30,
    minutes_before_settlement=30,
    period_column="PERIODID",
    since=date(2024, 8, 1),
)

PRICE_AND_DEMAND = Table(
    name="PRICE_AND_DEMAND",
    row_type="",
    row_subtype="",
    required=("REGION", "SETTLEMENTDATE", "TOTALDEMAND", "RRP", "PERIODTYPE"),
    key=("SETTLEMENTDATE", "REGION"),
    clean=(PRICE_COLUMNS[0], DEMAND_COLUMNS[0]),
    region_column="REGION",
    minutes_before_settlement=30,
)

# AEMO's estimates of what the small panels on roofs gave. Up to three for an interval: on the day
# from meters and from satellites, a day later the best one. An estimate that failed has quality 0
# and no power. The parts of QLD1 and TAS1 are estimated on their own and do not add up to their
# region. A month's file reaches a day into the next month.
ROOFTOP_PV_ACTUAL = Table(
    name="ROOFTOP_PV_ACTUAL",
    row_type="ROOFTOP",
    row_subtype="ACTUAL",
    required=("INTERVAL_DATETIME", "REGIONID", "POWER", "TYPE"),
    key=("INTERVAL_DATETIME", "REGIONID", "TYPE"),
    clean=ROOFTOP_COLUMNS,
    stamp="INTERVAL_DATETIME",
    minutes=30,
    minutes_before_settlement=30,
    grade_column="TYPE",
    grades=("SATELLITE", "MEASUREMENT", "DAILY"),
    parts=("QLDC", "QLDN", "QLDS", "TASN", "TASS"),
    days_beyond=1,
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            DISPATCHPRICE,
            DISPATCHREGIONSUM,
            DREGION,
            TREGION,
            TRADINGPRICE,
            AVERAGEPRICE30,
            PRICE_AND_DEMAND,
            ROOFTOP_PV_ACTUAL,
        )
    }
)
