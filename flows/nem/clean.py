"""The work of a clean stage: a day's raw rows become a typed, tidy, checked table."""

import functools
import logging
from datetime import date
from pathlib import Path

import pyarrow as pa

from nemflow import parquet
from nemflow.errors import MarketError
from nemflow.flows.nem.desk import Desk
from nemflow.flows.nem.places import raw_target
from nemflow.flows.nem.provenance import source_of, stamp
from nemflow.tasks.nem.check import check_clean_day, price_warnings
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.sources import Quality
from nemflow.tasks.nem.tables import TABLES
from nemflow.tasks.nem.tidy import tidy

log = logging.getLogger(__name__)


def read_raw(dataset: Dataset, data_dir: Path, day: date, desk: Desk | None = None) -> pa.Table:
    """Return the rows that the raw stage kept of a day, from the desk if they were just made.

    Raises:
        MarketError: they are not there.
        UnreadableTarget: they cannot be read.
    """
    just_made = None if desk is None else desk.raw(day)
    if just_made is not None:
        return just_made
    path = data_dir / raw_target(dataset.name).format(date=day)
    if not path.exists():
        raise MarketError(
            f"the raw rows of {day} are not there ({path}); "
            f"run this first: nemflow run {dataset.name}_raw --date {day}"
        )
    return parquet.read_table(path)


def tidy_day(raw: pa.Table, dataset: Dataset, day: date, desk: Desk | None = None) -> pa.Table:
    """Return the clean rows of a day; prices beyond the market's limits are warned about and kept.

    Raises:
        IncompleteDay: the day has holes, unknown regions or wrong stamps.
        MarketError: the raw rows do not say which table they are of, or of one that is not known.
    """
    facts = source_of(raw)
    table = TABLES.get(facts["nemflow.table"])
    if table is None:
        raise MarketError(
            f"the raw rows of {day} are of the table {facts['nemflow.table']!r}, which is not known; "
            f"make them again: nemflow run {dataset.name}_raw --date {day} --force"
        )
    quality = Quality(facts["nemflow.quality"] or Quality.FINAL)
    source = facts["nemflow.source"]
    make = functools.partial(tidy, dataset=dataset, table=table, source=source, quality=quality)
    clean = make(raw) if desk is None else desk.tidied(day, raw, make)
    check_clean_day(clean, dataset, day)
    for warning in price_warnings(clean, dataset, day):
        log.warning("%s", warning)
    return stamp(clean, f"{dataset.name}_clean", day, facts)
