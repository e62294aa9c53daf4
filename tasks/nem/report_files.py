"""Fetching one file of a report feed, under the href that its folder's listing shows.

Names hold a stamp or a number that cannot be guessed, so there is no way without the listing.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nemflow.errors import DownloadError, NotThere
from nemflow.tasks.nem.answers import Progress
from nemflow.tasks.nem.archive import Arrival
from nemflow.tasks.nem.download import Client, Download
from nemflow.tasks.nem.feeds import Folder, Name, Span
from nemflow.tasks.nem.listing import Entry
from nemflow.tasks.nem.sidecar import Sidecar
from nemflow.tasks.nem.sources import Rung


def fetch_report(
    client: Client,
    nemweb_url: str,
    rung: Rung,
    span: Span,
    to: Path,
    known: Sidecar | None = None,
    progress: Progress | None = None,
) -> Arrival | None:
    """Fetch the latest file of a span into the folder `to`; None if it is still the one `known`.

    Raises:
        NotThere: the listing has no file of the span.
        DownloadError: a transfer failed for good, or what came is no listing.
    """
    url, entries = list_folder(client, nemweb_url, rung.folder)
    found = [
        (name.issue, entry) for name, entry in recognized(entries, rung.folder) if name.span == span
    ]
    if not found:
        raise NotThere(f"{url} lists no file of {span.key}")
    _, entry = max(found, key=lambda pair: pair[0])
    path = to / file_name(entry)
    if known is not None and known.etag and known.url == entry.url:
        changed = client.download_if_changed(entry.url, path, known.etag, progress=progress)
        return None if changed is None else _arrival(rung, entry, path, changed)
    download = client.download(entry.url, path, progress=progress)
    return _arrival(rung, entry, path, download)


def list_folder(client: Client, nemweb_url: str, folder: Folder) -> tuple[str, tuple[Entry, ...]]:
    """Return the address of a folder and what it lists.

    Raises:
        NotThere: no such folder.
        DownloadError: a transfer failed for good, or what came is no listing.
    """
    url = f"{nemweb_url.rstrip('/')}/{folder.path}"
    entries = client.get_listing(url)
    # A feed's folder is never empty: a page without any file of it is no listing.
    if not any(recognized(entries, folder)):
        raise DownloadError(f"{url} is not a listing of files; try again later")
    return url, entries


def recognized(entries: Iterable[Entry], folder: Folder) -> Iterator[tuple[Name, Entry]]:
    """Yield the files of a feed among what a page lists, with what their names say."""
    for entry in entries:
        said = None if entry.is_folder else folder.recognize(file_name(entry))
        if said is not None:
            yield said, entry


def file_name(entry: Entry) -> str:
    """Return the name of a file as its address has it."""
    return unquote(urlsplit(entry.url).path.rpartition("/")[2])


def _arrival(rung: Rung, entry: Entry, path: Path, download: Download) -> Arrival:
    return Arrival(
        path=path,
        source=rung.source,
        url=entry.url,
        sha256=download.sha256,
        size=download.size,
        last_modified=download.last_modified,
        etag=download.etag,
        synthetic=download.synthetic,
    )
