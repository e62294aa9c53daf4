"""Fetching one month's file of a table or region into a folder, from where AEMO keeps it.

A table's file is asked for under the href that its folder's listing shows. Where no listing can be
had its name is built, with ``#`` encoded once and then twice, since AEMO has wanted both.
"""

import logging
from pathlib import Path

from nemflow.errors import DownloadError, NotThere
from nemflow.tasks.nem.addresses import (
    blind_table_urls,
    bundle_url,
    data_folder_url,
    region_file_name,
    region_file_url,
    table_file_stems,
)
from nemflow.tasks.nem.answers import Progress
from nemflow.tasks.nem.archive import Arrival
from nemflow.tasks.nem.bundle import fetch_member
from nemflow.tasks.nem.download import ABSENT, Client, Download
from nemflow.tasks.nem.listing import Entry, find_table
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.published import Unreachable, WrongMarket
from nemflow.tasks.nem.sidecar import Sidecar
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.tables import Table

# What the server answered, in the weeks it wanted %2523, to a name with %23.
_BAD_REQUEST = frozenset({400})

_log = logging.getLogger(__name__)


def fetch_table(
    client: Client,
    nemweb_url: str,
    table: Table,
    month: Month,
    folder: Path,
    known: Sidecar | None = None,
    progress: Progress | None = None,
) -> Arrival | None:
    """Fetch a table's month from MMSDM; None if it is still the one that is `known`.

    Raises:
        NotThere: the month is not published, or the table is not in its listing.
        DownloadError: a transfer failed for good.
    """
    entry = _listed(client, nemweb_url, table, month)
    to = folder / f"{table_file_stems(table, month)[0]}.zip"
    if entry is None:
        return _fetch_blind(client, blind_table_urls(nemweb_url, table, month), to, progress)
    if known is not None and not known.etag and _is_listed_alike(entry, known):
        return None
    to = to.with_name(_name_of(entry.url, table, month))
    return _fetch(client, entry.url, to, Source.MMSDM, known, progress)


def fetch_from_bundle(
    client: Client,
    nemweb_url: str,
    table: Table,
    month: Month,
    folder: Path,
    known: Sidecar | None = None,
    *,
    allow_large_download: bool = False,
    progress: Progress | None = None,
) -> Arrival | None:
    """Fetch a table's month out of the zip of everything of that month.

    None if the zip is still the one that the file `known` was taken from.

    Raises:
        NotThere: no such bundle, or no such member in it.
        RangeNotSupported: only the whole bundle can be had, which was not allowed.
        BrokenFile: the bundle or the member is damaged.
        DownloadError: a transfer failed for good.
    """
    url = bundle_url(nemweb_url, month)
    if known is not None and known.etag and client.get_range(url, 0, 1).etag == known.etag:
        return None
    member = fetch_member(
        client,
        url,
        table,
        month,
        folder,
        allow_large_download=allow_large_download,
        progress=progress,
    )
    return Arrival(
        path=member.path,
        source=Source.BUNDLE,
        url=f"{url}!/{member.name}",
        sha256=member.sha256,
        size=member.size,
        last_modified=member.last_modified,
        etag=member.etag,
        synthetic=member.synthetic,
    )


def fetch_region(
    client: Client,
    aemo_url: str,
    region: str,
    month: Month,
    folder: Path,
    known: Sidecar | None = None,
    progress: Progress | None = None,
) -> Arrival | None:
    """Fetch a region's PRICE_AND_DEMAND month; None if it is still the one that is `known`.

    Raises:
        NotThere: no such file.
        DownloadError: a transfer failed for good.
    """
    url = region_file_url(aemo_url, region, month)
    to = folder / region_file_name(region, month)
    return _fetch(client, url, to, Source.PRICE_AND_DEMAND, known, progress)


def _listed(client: Client, nemweb_url: str, table: Table, month: Month) -> Entry | None:
    """Return the table's month as it is listed; None if no listing can be had."""
    folder_url = data_folder_url(nemweb_url, month)
    try:
        entries = client.get_listing(folder_url)
    except (Unreachable, WrongMarket):
        raise
    except DownloadError as error:
        _log.warning("%s; trying the usual names without a listing", error)
        return None
    # A month's folder holds a hundred tables: a page without any zip is no listing of it.
    if not any(entry.name.lower().endswith(".zip") for entry in entries):
        _log.warning("%s is not a listing; trying the usual names without it", folder_url)
        return None
    entry = find_table(entries, table, month)
    if entry is None:
        raise NotThere(f"{folder_url} lists no {table.name} of {month}")
    return entry


def _is_listed_alike(entry: Entry, known: Sidecar) -> bool:
    """Tell whether a file without a mark of its version is still the one fetched, by its listing."""
    listed_at = entry.modified_at
    if entry.size is None or listed_at is None:
        return False
    return entry.url == known.url and entry.size == known.size and listed_at <= known.fetched_at


def _fetch_blind(
    client: Client, urls: tuple[str, ...], to: Path, progress: Progress | None
) -> Arrival:
    for url in urls[:-1]:
        try:
            download = client.download(url, to, progress=progress, absent=ABSENT | _BAD_REQUEST)
            return _arrival(download, url, to, Source.MMSDM)
        except NotThere as error:
            _log.info("%s; trying the next spelling", error)
    return _arrival(client.download(urls[-1], to, progress=progress), urls[-1], to, Source.MMSDM)


def _fetch(
    client: Client,
    url: str,
    to: Path,
    source: Source,
    known: Sidecar | None,
    progress: Progress | None,
) -> Arrival | None:
    if known is not None and known.etag and known.url == url:
        changed = client.download_if_changed(url, to, known.etag, progress=progress)
        return None if changed is None else _arrival(changed, url, to, source)
    return _arrival(client.download(url, to, progress=progress), url, to, source)


def _arrival(download: Download, url: str, path: Path, source: Source) -> Arrival:
    return Arrival(
        path=path,
        source=source,
        url=url,
        sha256=download.sha256,
        size=download.size,
        last_modified=download.last_modified,
        etag=download.etag,
        synthetic=download.synthetic,
    )


def _name_of(url: str, table: Table, month: Month) -> str:
    """Return under which of its two names the listing shows a table's month."""
    stems = table_file_stems(table, month)
    is_dvd = "PUBLIC_DVD_" in url.upper()
    return next(stem for stem in stems if stem.startswith("PUBLIC_DVD_") == is_dvd) + ".zip"
