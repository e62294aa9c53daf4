"""The work of a raw stage on a day's published files: select its rows, check them."""

import functools
from collections.abc import Iterator, Sequence
from datetime import date, datetime

import pyarrow as pa

from nemflow import parquet
from nemflow.errors import IncompleteDay, MarketError, UnreadableTarget
from nemflow.flows.nem.desk import Desk
from nemflow.flows.nem.places import raw_target
from nemflow.flows.nem.provenance import describe_source, stamp
from nemflow.flows.nem.settings import MarketSettings
from nemflow.flows.nem.standing import put_off
from nemflow.tasks.nem.aemo_csv import read_day, read_table
from nemflow.tasks.nem.archive import Archive
from nemflow.tasks.nem.check import check_raw_day
from nemflow.tasks.nem.csv_rows import read_all
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.due import next_due
from nemflow.tasks.nem.market_time import NEM_TIME, day_bounds
from nemflow.tasks.nem.members import open_reports
from nemflow.tasks.nem.price_demand import find_region_rows, read_region_day
from nemflow.tasks.nem.published import Published, PublishedFile
from nemflow.tasks.nem.regions import regions_on
from nemflow.tasks.nem.sources import REPORT_FEEDS, Quality, Source
from nemflow.tasks.nem.tables import Table
from nemflow.tasks.nem.unzip import open_published


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
            parts.append(_read_share(files, dataset, published, regions, settings.desk))
        except MarketError as error:
            for file in files:
                archive.doubt(file, str(error))
            if not isinstance(error, IncompleteDay):
                raise
            faults.append(f"{error} (in {' and '.join(file.url for file in files)})")
    if faults:
        raise IncompleteDay(f"{'; '.join(faults)}; the next run asks AEMO again")
    rows = pa.concat_tables(parts, promote_options="default")
    facts = {
        **describe_source(published),
        **_describe_standing(published, dataset, settings),
        "nemflow.table": table.name,
    }
    return stamp(rows, f"{dataset.name}_raw", published.day, facts, settings.now())


def read_again(published: Published, dataset: Dataset, desk: Desk | None = None) -> pa.Table:
    """Return all rows of the day as text, as `select_day` does, but write nothing and doubt nothing.

    Raises:
        MarketError: as `select_day` raises.
    """
    shares = [
        _read_share(files, dataset, published, regions, desk)
        for files, regions in _shares(published)
    ]
    return pa.concat_tables(shares, promote_options="default")


def keep_as_it_is(
    rows: pa.Table, published: Published, dataset: Dataset, settings: MarketSettings
) -> str:
    """Return why the raw rows that are kept of a day stay, and put off the next look; else "".

    They stay if these are the same, or come from a source that is not as good.
    """
    path = settings.data_dir / raw_target(dataset.name).format(date=published.day)
    try:
        kept = parquet.read_table(path)
    except UnreadableTarget:
        return ""
    order = [str(source) for source in dataset.tables]
    old, new = _fact(kept, "source"), _fact(rows, "source")
    worse = _rank(order, new) > _rank(order, old)
    same = old == new and _fact(kept, "quality") == _fact(rows, "quality") and rows.equals(kept)
    if not (worse or same):
        return ""
    due_at = next_due(
        *(dataset, published.day, _source_of(old), published.shelf),
        made_at=datetime.fromisoformat(_fact(kept, "made_at")),
        now=settings.now(),
    )
    put_off(settings.data_dir, dataset.name, published.day, due_at)
    later = f"; next look {due_at.astimezone(NEM_TIME):%Y-%m-%d %H:%M}" if due_at else ""
    return f"nothing better than {old} of {published.day} is there{later}"


def _describe_standing(
    published: Published, dataset: Dataset, settings: MarketSettings
) -> dict[str, str]:
    """Return the keys that say when something better may be there; none for a final day."""
    now = settings.now()
    due_at = next_due(
        *(dataset, published.day, published.source, published.shelf), made_at=now, now=now
    )
    if due_at is None:
        return {"nemflow.quality": str(Quality.FINAL)}
    forced = "true" if settings.source is not None else "false"
    return {"nemflow.due_at": due_at.isoformat(), "nemflow.forced": forced}


def _fact(rows: pa.Table, key: str) -> str:
    return (rows.schema.metadata or {}).get(f"nemflow.{key}".encode(), b"").decode()


def _rank(order: Sequence[str], source: str) -> int:
    plain = source.removeprefix("SYNTHETIC ")
    return order.index(plain) if plain in order else len(order)


def _source_of(told: str) -> Source:
    return Source(told.removeprefix("SYNTHETIC "))


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
    desk: Desk | None,
) -> pa.Table:
    """Return the day's rows of some files, in order, checked to be whole for these regions."""
    day, table = published.day, dataset.tables[published.source]
    if desk is not None:
        found = [
            desk.rows(file.path, table, day, functools.partial(_read_all, file, table))
            for file in files
        ]
        # a file's days share its memory: one piece of it need not be copied
        rows = found[0] if len(found) == 1 else pa.concat_tables(found, promote_options="default")
    elif table.is_plain:
        [file], [region] = files, regions
        rows = read_region_day(file.path.read_bytes(), region, day, file=str(file.path))
    else:
        parts = [part for file in files for part in _read_file(file, table, day)]
        if not parts:
            raise IncompleteDay(f"{table.name} of {day} is not whole: no file holds any of it")
        rows = pa.concat_tables(parts, promote_options="default").combine_chunks()
    check_raw_day(rows, dataset, table, day, regions=regions)
    return rows


def _read_all(file: PublishedFile, table: Table) -> pa.Table:
    """Return all rows of a table of a file, as text."""
    feed = REPORT_FEEDS.get(file.source)
    if feed is not None:
        reports = open_reports(file.path, feed, lambda span: True)
        names = ((report, f"{file.path.parent}/{report.name}") for report in reports)
        parts = [read_table(report.data, table, file=name) for report, name in names]
        return pa.concat_tables(parts, promote_options="default")
    data = open_published(file.path)
    if table.is_plain:
        return read_all(find_region_rows(data, file=str(file.path)))
    return read_table(data, table, file=str(file.path))


def _read_file(file: PublishedFile, table: Table, day: date) -> Iterator[pa.Table]:
    feed = REPORT_FEEDS.get(file.source)
    if feed is None:
        yield read_day(open_published(file.path), table, day, file=str(file.path))
        return
    start, end = day_bounds(day)
    for report in open_reports(file.path, feed, lambda span: span.start < end and span.end > start):
        yield read_day(report.data, table, day, file=f"{file.path.parent}/{report.name}")
