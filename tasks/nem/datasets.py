"""The data sets: one frozen record each, with the table that every source keeps it in.

The order of `Dataset.tables` is the order of quality, best first; which of these sources can have a
given day is said by `nemflow.tasks.nem.sources`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.tables import (
    DISPATCHPRICE,
    DREGION,
    PRICE_AND_DEMAND,
    TRADINGPRICE,
    Table,
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One kind of data, kept day by day as raw and clean files.

    Args:
        name: market and data, such as ``nem_prices``; flows, folders and files are named by it.
        description: one line.
        tables: the table that holds it in each source, the best source first.
    """

    name: str
    description: str
    tables: Mapping[Source, Table]


NEM_PRICES = Dataset(
    name="nem_prices",
    description="5-minute dispatch prices of energy and frequency services",
    tables=MappingProxyType(
        {
            Source.MMSDM: DISPATCHPRICE,
            Source.BUNDLE: DISPATCHPRICE,
            Source.PUBLIC_PRICES: DREGION,
            Source.DAILY_REPORTS: DREGION,
            Source.DISPATCHIS: DISPATCHPRICE,
            Source.PRICE_AND_DEMAND: PRICE_AND_DEMAND,
        }
    ),
)

NEM_TRADING_PRICES = Dataset(
    name="nem_trading_prices",
    description="settlement prices: 30 minutes to 2021-10-01 00:00, 5 minutes after",
    tables=MappingProxyType(
        {
            Source.MMSDM: TRADINGPRICE,
            Source.BUNDLE: TRADINGPRICE,
            Source.TRADINGIS: TRADINGPRICE,
            Source.PRICE_AND_DEMAND: PRICE_AND_DEMAND,
        }
    ),
)

DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {dataset.name: dataset for dataset in (NEM_PRICES, NEM_TRADING_PRICES)}
)
