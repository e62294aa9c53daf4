"""The work of a raw stage: fetch a day's published files, select its rows, check them."""

import logging
from collections.abc import Iterator, Sequence
from datetime import date

import pyarrow as pa

from nemflow import report_progress
from nemflow.errors import IncompleteDay, MarketError
from nemflow.flows.nem.provenance import describe_source, stamp
from nemflow.flows.nem.settings import MarketSettings
from nemflow.tasks.nem.aemo_csv import read_day
from nemflow.tasks.nem.archive import Archive
from nemflow.tasks.nem.check import check_raw_day
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.fetch import FetchSettings, fetch_day
from nemflow.tasks.nem.market_time import day_bounds
from nemflow.tasks.nem.members import open_reports
from nemflow.tasks.nem.price_demand import read_region_day
from nemflow.tasks.nem.published import Published, PublishedFile
from nemflow.tasks.nem.regions import regions_on
from nemflow.tasks.nem.sources import REPORT_FEEDS, Source
from nemflow.tasks.nem.tables import Table
from nemflow.tasks.nem.unzip import open_published

log = logging.getLogger(__name__)


def fetch(day: date, dataset: Dataset, settings: MarketSettings) -> Published:
    """Return the published files that hold a day of a data set, fetched if they are not here.

    A source that is not the best for the day is told in one line.

    Raises:
        NotPublishedYet: AEMO has not published the day yet.
        MarketError: no source has it, or a file could not be fetched whole.
    """
    published = fetch_day(day, dataset, fetch_settings(settings), progress=report_progress)
    if published.reason:
        log.warning("%s", published.reason)
    return published


def fetch_settings(settings: MarketSettings) -> FetchSettings:
    """Return the part of the settings that fetching needs."""
    return FetchSettings(
        data_dir=settings.data_dir,
        lock_dir=settings.lock_dir,
        nemweb_url=settings.nemweb_url,
        aemo_url=settings.aemo_url,
        source=settings.source,
        allow_large_download=settings.allow_large_download,
        synthetic=settings.synthetic,
        read_timeout_s=settings.timeout_s,
        tries=settings.tries,
        connections=settings.connections,
        now=settings.now,
    )


def select_day(published: Published, dataset: Dataset, settings: MarketSettings) -> pa.Table:
    """Return all rows of the day as text, AEMO's columns, with their provenance in the metadata.

    A file that does not hold its part of the day whole is doubted: the next run asks AEMO for it
    again, so that a damaged answer does not stay for ever.

    Raises:
        IncompleteDay: intervals are missing, regions unknown or stamps wrong; all is listed.
        BrokenFile: a file of the archive cannot be read.
    """
    table = dataset.tables[published.source]
    archive = Archive(
        settings.data_dir / "archive", settings.lock_dir, synthetic=settings.synthetic
    )
    parts: list[pa.Table] = []
    faults: list[str] = []
    for files, regions in _shares(published):
        try:
            parts.append(_read_share(files, dataset, published, regions))
        except MarketError as error:
            for file in files:
                archive.doubt(file, str(error))
            if not isinstance(error, IncompleteDay):
                raise
            faults.append(f"{error} (in {' and '.join(file.url for file in files)})")
    if faults:
        raise IncompleteDay(f"{'; '.join(faults)}; the next run asks AEMO again")
    rows = pa.concat_tables(parts, promote_options="default")
    facts = {**describe_source(published), "nemflow.table": table.name}
    return stamp(rows, f"{dataset.name}_raw", published.day, facts)


def _shares(published: Published) -> list[tuple[Sequence[PublishedFile], tuple[str, ...]]]:
    """Return the files that only together hold a part of the day, with the regions of the part."""
    regions = regions_on(published.day)
    if published.source is Source.PRICE_AND_DEMAND:
        return [((f,), (r,)) for f, r in zip(published.files, regions, strict=True)]
    return [(published.files, regions)]


def _read_share(
    files: Sequence[PublishedFile],
    dataset: Dataset,
    published: Published,
    regions: tuple[str, ...],
) -> pa.Table:
    """Return the day's rows of some files, in order, checked to be whole for these regions."""
    day, table = published.day, dataset.tables[published.source]
    if table.is_plain:
        [file], [region] = files, regions
        rows = read_region_day(file.path.read_bytes(), region, day, file=str(file.path))
    else:
        parts = [part for file in files for part in _read_file(file, table, day)]
        if not parts:
            raise IncompleteDay(f"{table.name} of {day} is not whole: no file holds any of it")
        rows = pa.concat_tables(parts, promote_options="default").combine_chunks()
    check_raw_day(rows, dataset, table, day, regions=regions)
    return rows


def _read_file(file: PublishedFile, table: Table, day: date) -> Iterator[pa.Table]:
    feed = REPORT_FEEDS.get(file.source)
    if feed is None:
        yield read_day(open_published(file.path), table, day, file=str(file.path))
        return
    start, end = day_bounds(day)
    for report in open_reports(file.path, feed, lambda span: span.start < end and span.end > start):
        yield read_day(report.data, table, day, file=f"{file.path.parent}/{report.name}")
