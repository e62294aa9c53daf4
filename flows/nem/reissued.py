"""Whether AEMO has issued the files of stored months again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow import parquet
from nemflow.errors import UnreadableTarget
from nemflow.flows.nem.places import raw_target
from nemflow.flows.nem.settings import MarketSettings
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.fetch import fetch_month
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.sources import Quality, Source

if TYPE_CHECKING:
    from nemflow.tasks.nem.download import Client

_OF_MONTHS = (Source.MMSDM, Source.BUNDLE, Source.PRICE_AND_DEMAND)


def days_by_file(
    market: MarketSettings, dataset: Dataset, days: Iterable[date]
) -> Mapping[tuple[Month, Source], list[date]]:
    """Return the final days among some stored ones, by the month and source they were taken from."""
    found: dict[tuple[Month, Source], list[date]] = {}
    for day in days:
        facts = _facts(market.data_dir, dataset, day)
        source = facts.get("nemflow.source", "").removeprefix("SYNTHETIC ")
        if facts.get("nemflow.quality") == Quality.FINAL and source in _OF_MONTHS:
            found.setdefault((Month.of(day), Source(source)), []).append(day)
    return found


def is_reissued(
    market: MarketSettings,
    dataset: Dataset,
    month: Month,
    source: Source,
    days: Sequence[date],
    client: "Client",
) -> set[date]:
    """Return the days that were made of other files than those that AEMO has now.

    Raises:
        MarketError: AEMO could not be asked, or what it has now is broken.
    """
    files = fetch_month(month, dataset, source, market, client, renew_since=market.now())
    there = {file.sha256 for file in files}
    return {day for day in days if not _made_of(market.data_dir, dataset, day) <= there}


def _made_of(data_dir: Path, dataset: Dataset, day: date) -> set[str]:
    files = json.loads(_facts(data_dir, dataset, day).get("nemflow.files") or "[]")
    return {file["sha256"] for file in files}


def _facts(data_dir: Path, dataset: Dataset, day: date) -> dict[str, str]:
    try:
        return parquet.read_metadata(data_dir / raw_target(dataset.name).format(date=day))
    except UnreadableTarget:  # the next run of the day sets it aside and says so
        return {}
