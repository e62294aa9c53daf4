"""Fetching the single files of a day: one for each interval, a few at a time."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import date, datetime
from pathlib import Path

from nemflow.errors import NotThere
from nemflow.tasks.nem.answers import Progress
from nemflow.tasks.nem.archive import Arrival
from nemflow.tasks.nem.download import Client, Download
from nemflow.tasks.nem.listing import Entry
from nemflow.tasks.nem.market_time import interval_ends
from nemflow.tasks.nem.published import NotPublishedYet
from nemflow.tasks.nem.report_files import file_name, list_folder, recognized
from nemflow.tasks.nem.sidecar import Single, digest_of
from nemflow.tasks.nem.sources import Rung

_MOST_NAMED = 3


def fetch_intervals(
    client: Client,
    nemweb_url: str,
    rung: Rung,
    day: date,
    minutes: int,
    to: Path,
    *,
    connections: int,
    progress: Progress | None = None,
) -> Arrival:
    """Fetch the latest file of each interval of `day` into a folder of the day's name below `to`.

    Args:
        connections: at most so many transfers at a time.
        progress: called with the bytes of all files together.

    Raises:
        NotPublishedYet: the last intervals are not listed yet.
        NotThere: others are not listed, or went while they were fetched.
        DownloadError: a transfer failed for good, or what came is no listing.
    """
    url, entries = list_folder(client, nemweb_url, rung.folder)
    latest: dict[datetime, tuple[int, Entry]] = {}
    for name, entry in recognized(entries, rung.folder):
        end = name.span.end
        if end not in latest or name.issue > latest[end][0]:
            latest[end] = (name.issue, entry)
    ends = interval_ends(day, minutes)
    _check_all_listed(latest, ends, url, day)
    wanted = [latest[end][1] for end in ends]
    folder = to / day.isoformat()
    folder.mkdir()
    downloads = _download_all(client, wanted, folder, connections, progress)
    singles = tuple(
        Single(file_name(entry), entry.url, download.sha256, download.size)
        for entry, download in zip(wanted, downloads, strict=True)
    )
    return Arrival(
        path=folder,
        source=rung.source,
        url=url,
        sha256=digest_of(singles),
        size=sum(single.size for single in singles),
        last_modified=downloads[-1].last_modified,
        etag="",
        synthetic=any(download.synthetic for download in downloads),
        singles=singles,
    )


def _check_all_listed(
    listed: Mapping[datetime, object], ends: Sequence[datetime], url: str, day: date
) -> None:
    missing = [end for end in ends if end not in listed]
    if not missing:
        return
    named = ", ".join(f"{end:%Y-%m-%d %H:%M}" for end in missing[:_MOST_NAMED])
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    said = f"{url} lacks {len(missing)} of {len(ends)} intervals of {day}: {named}{more}"
    if missing[0] > max(listed):
        raise NotPublishedYet(said)
    raise NotThere(said)


def _download_all(
    client: Client,
    entries: Sequence[Entry],
    folder: Path,
    connections: int,
    progress: Progress | None,
) -> list[Download]:
    """Fetch all files, or raise the first error after the transfers under way have ended."""
    sizes = [entry.size for entry in entries]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    told, lock = [0], threading.Lock()

    def download(entry: Entry) -> Download:
        done = client.download(entry.url, folder / file_name(entry))
        with lock:
            told[0] += done.size
            if progress is not None:
                progress(told[0], total)
        return done

    with ThreadPoolExecutor(connections, thread_name_prefix="nemflow-intervals") as pool:
        futures = [pool.submit(download, entry) for entry in entries]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            for future in futures:
                future.cancel()
    failed = (future.exception() for future in futures if not future.cancelled())
    error = next((error for error in failed if error is not None), None)
    if error is not None:
        raise error
    return [future.result() for future in futures]
