"""The work of ``nem_prices_clean``: a day's raw rows become typed, tidy, checked prices."""

import logging
from datetime import date
from pathlib import Path

import pyarrow as pa

from nemflow import parquet
from nemflow.errors import MarketError
from nemflow.flows.nem.provenance import source_of, stamp
from nemflow.tasks.nem.check import check_clean_day, price_warnings
from nemflow.tasks.nem.tables import PRICE_AND_DEMAND
from nemflow.tasks.nem.tidy import tidy_dispatch, tidy_price_and_demand

log = logging.getLogger(__name__)
FLOW = "nem_prices_clean"


def read_raw(path: Path, day: date) -> pa.Table:
    """Return the rows that ``nem_prices_raw`` kept of a day.

    Raises:
        MarketError: they are not there.
        UnreadableTarget: they cannot be read.
    """
    if not path.exists():
        raise MarketError(
            f"the raw prices of {day} are not there ({path}); "
            f"run this first: nemflow run nem_prices_raw --date {day}"
        )
    return parquet.read_table(path)


def tidy_day(raw: pa.Table, day: date) -> pa.Table:
    """Return the clean prices of a day; prices beyond the market's limits are warned about and kept.

    Raises:
        IncompleteDay: the day has holes, unknown regions or wrong stamps.
    """
    source = source_of(raw)
    name = source["nemflow.source"]
    tidy = (
        tidy_price_and_demand if source["nemflow.table"] == PRICE_AND_DEMAND.name else tidy_dispatch
    )
    clean = tidy(raw, source=name)
    check_clean_day(clean, day)
    for warning in price_warnings(clean, day):
        log.warning("%s", warning)
    return stamp(clean, FLOW, day, source)
