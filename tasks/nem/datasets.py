"""The data sets: one frozen record each, with the table that every source keeps it in.

The order of `Dataset.kept_in` is the order of quality, best first; which of these sources can have a
given day is said by `nemflow.tasks.nem.sources`. The best table gives the columns of the clean stage;
a column that another table lacks is null in rows taken from that.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nemflow.tasks.nem.columns import (
    INTERVAL_COLUMNS,
    INTERVENTION_FLAG,
    ORIGIN_COLUMNS,
    PRICE_UNIT,
    Column,
    Kind,
)
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.tables import (
    AVERAGEPRICE30,
    DISPATCHPRICE,
    DISPATCHREGIONSUM,
    DREGION,
    PRICE_AND_DEMAND,
    ROOFTOP_PV_ACTUAL,
    TRADINGPRICE,
    TREGION,
    Table,
)


class Run(enum.StrEnum):
    """Which of the two runs of an interval is taken where AEMO directed."""

    PRICING = "pricing"  # INTERVENTION 0: prices are settled by it
    PHYSICAL = "physical"  # the highest INTERVENTION: what really happened


@dataclass(frozen=True, slots=True)
class Dataset:
    """One kind of data, kept day by day as raw and clean files.

    Args:
        name: market and data, such as ``nem_prices``; flows, folders and files are named by it.
        description: one line.
        value: the clean column that no row may lack.
        run: the run that rows are taken from.
        kept_in: the sources that have it, the best first, each with the table that holds it there.
        instead: what to take for days that it has no files of; empty if there is nothing.
    """

    name: str
    description: str
    value: str
    run: Run
    kept_in: tuple[tuple[Source, Table], ...]
    instead: str = ""

    @property
    def tables(self) -> Mapping[Source, Table]:
        """The table that holds it in each source, the best source first."""
        return MappingProxyType(dict(self.kept_in))

    @property
    def best_table(self) -> Table:
        """The table of the best source, whose columns the clean stage has."""
        return self.kept_in[0][1]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns of the clean stage in their order, whatever the source."""
        flag = (INTERVENTION_FLAG,) if self.best_table.has_runs else ()
        return (*INTERVAL_COLUMNS, *self.best_table.clean, *flag, *ORIGIN_COLUMNS)

    @property
    def value_columns(self) -> tuple[str, ...]:
        """The names of the clean columns that hold prices or quantities."""
        return tuple(column.name for column in self.columns if column.kind is Kind.NUMBER)

    @property
    def price_columns(self) -> tuple[str, ...]:
        """The names of those that hold prices, which the market's limits bound; `rop` is not bounded."""
        prices = (column.name for column in self.columns if column.unit == PRICE_UNIT)
        return tuple(name for name in prices if name != "rop")

    def value_in(self, table: Table) -> str:
        """Return AEMO's name of the column of `table` that becomes `value`.

        Raises:
            ValueError: the table does not have it.
        """
        for column in table.clean:
            if column.name == self.value:
                return column.aemo
        raise ValueError(f"{table.name} has no column for {self.value} of {self.name}")


NEM_PRICES = Dataset(
    name="nem_prices",
    description="5-minute dispatch prices of energy and frequency services",
    value="rrp",
    run=Run.PRICING,
    kept_in=(
        (Source.MMSDM, DISPATCHPRICE),
        (Source.BUNDLE, DISPATCHPRICE),
        (Source.PUBLIC_PRICES, DREGION),
        (Source.DAILY_REPORTS, DREGION),
        (Source.DISPATCHIS, DISPATCHPRICE),
        (Source.DISPATCH_REPORTS, DREGION),
        (Source.PRICE_AND_DEMAND, PRICE_AND_DEMAND),
    ),
)

NEM_TRADING_PRICES = Dataset(
    name="nem_trading_prices",
    description="settlement prices: 30 minutes to 2021-10-01 00:00, 5 minutes after",
    value="rrp",
    run=Run.PRICING,
    kept_in=(
        (Source.MMSDM, TRADINGPRICE),
        (Source.BUNDLE, TRADINGPRICE),
        (Source.PUBLIC_PRICES, TREGION),
        (Source.TRADINGIS, TRADINGPRICE),
        (Source.PRICE_AND_DEMAND, PRICE_AND_DEMAND),
    ),
)

# Months only: no report has the table. Means of settlement prices, which are in cents, can be a cent off.
NEM_AVERAGE_PRICES = Dataset(
    name="nem_average_prices",
    description="half-hour means of the 5-minute settlement prices, from 2024-08-01",
    value="rrp",
    run=Run.PRICING,
    kept_in=((Source.MMSDM, AVERAGEPRICE30),),
    instead=(
        "the half-hour means of nem_trading_prices: "
        "nemflow prices --dataset nem_trading_prices --resample 30min"
    ),
)

NEM_DEMAND = Dataset(
    name="nem_demand",
    description="regional demand, supply and interchange of each dispatch interval",
    value="demand_mw",
    run=Run.PHYSICAL,
    kept_in=(
        (Source.MMSDM, DISPATCHREGIONSUM),
        (Source.BUNDLE, DISPATCHREGIONSUM),
        (Source.PUBLIC_PRICES, DREGION),
        (Source.DAILY_REPORTS, DREGION),
        (Source.DISPATCHIS, DISPATCHREGIONSUM),
        (Source.DISPATCH_REPORTS, DREGION),
        (Source.PRICE_AND_DEMAND, PRICE_AND_DEMAND),
    ),
)

NEM_ROOFTOP_PV = Dataset(
    name="nem_rooftop_pv",
    description="AEMO's half-hour estimates of the output of rooftop solar panels",
    value="power_mw",
    run=Run.PHYSICAL,
    kept_in=((Source.MMSDM, ROOFTOP_PV_ACTUAL), (Source.BUNDLE, ROOFTOP_PV_ACTUAL)),
)

DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        dataset.name: dataset
        for dataset in (
            NEM_PRICES,
            NEM_TRADING_PRICES,
            NEM_AVERAGE_PRICES,
            NEM_DEMAND,
            NEM_ROOFTOP_PV,
        )
    }
)
