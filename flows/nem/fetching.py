"""The first work of a raw stage: fetch a day's published files. Needs no pyarrow."""

import logging
from datetime import date

from nemflow import report_progress
from nemflow.flows.nem.settings import MarketSettings
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.fetch import fetch_day
from nemflow.tasks.nem.published import Published

log = logging.getLogger(__name__)


def fetch(
    day: date, dataset: Dataset, settings: MarketSettings, *, renew: bool = False
) -> Published:
    """Return the published files that hold a day of a data set, fetched if they are not here.

    Args:
        renew: ask AEMO whether the files that are here have changed.

    A source that is not the best for the day is told in one line.

    Raises:
        NotPublishedYet: AEMO has not published the day yet.
        MarketError: no source has it, or a file could not be fetched whole.
    """
    published = None if settings.desk is None else settings.desk.published(day)
    if published is None:
        published = fetch_day(
            *(day, dataset, settings),
            progress=report_progress,
            renew_since=settings.now() if renew else None,
        )
    if published.reason:
        log.warning("%s", published.reason)
    return published
