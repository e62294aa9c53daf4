"""One table's month out of the zip of everything, mostly without fetching all of it.

From 2009-07 to 2014-12 AEMO keeps a month only as one zip of about 2 GB, in which the table files
lie as they once did in their folder, each a zip of its own. Over HTTP ranges the zip's directory
and the one member are enough. A server that sends no ranges makes the whole zip necessary, which
is done only when it was allowed.
"""

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from nemflow.errors import BrokenFile, NotThere, RangeNotSupported
from nemflow.tasks.nem.addresses import is_table_file
from nemflow.tasks.nem.answers import Progress
from nemflow.tasks.nem.download import Client, Download, Part
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.ranges import RangeFile
from nemflow.tasks.nem.tables import Table

# A month of DISPATCHPRICE takes 1.2 to 2.5 MB zipped and up to 28 MB bare.
MEMBER_LIMIT = 256 << 20

_LOCAL_HEADER_BYTES = 30
_LOCAL_EXTRA_BYTES = 256  # of unknown length; more than any seen
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """What was taken out of a bundle: its `name` in there, and where and what it is here."""

    name: str
    path: Path
    size: int
    sha256: str
    last_modified: str
    etag: str
    synthetic: bool


def find_member(bundle: zipfile.ZipFile, table: Table, month: Month) -> zipfile.ZipInfo | None:
    """Return the member that is a table's month, by its base name: any folder, any case.

    A zip is taken before a bare csv, and one in a folder ``DATA`` before any other.
    """
    found = [
        member
        for member in bundle.infolist()
        if is_table_file(_base_name(member.filename), table, month, ".zip", ".csv")
    ]
    return min(found, key=_distance, default=None)


def extract_member(
    bundle: zipfile.ZipFile, url: str, member: zipfile.ZipInfo, to: Path
) -> tuple[int, str]:
    """Write a member of the bundle at `url` as it is to `to`; return its size and sha256.

    Raises:
        BrokenFile: the member is damaged, or packed in an unknown way.
    """
    digest, size = hashlib.sha256(), 0
    with (
        _as_broken(f"{url}!/{member.filename}"),
        bundle.open(member) as source,
        to.open("wb") as target,
    ):
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def fetch_member(
    client: Client,
    url: str,
    table: Table,
    month: Month,
    folder: Path,
    *,
    allow_large_download: bool = False,
    limit: int = MEMBER_LIMIT,
    progress: Progress | None = None,
) -> Member:
    """Fetch a table's month out of the bundle at `url` into `folder`, under its base name.

    Args:
        limit: the most bytes that the member may have, packed or not.

    Raises:
        NotThere: no such bundle, or no such member in it.
        RangeNotSupported: only the whole bundle can be had, which was not allowed.
        BrokenFile: the bundle or the member is damaged, or larger than `limit`.
        DownloadError: a transfer failed for good.
    """
    try:
        file = RangeFile(client, url)
    except RangeNotSupported:
        if not allow_large_download:
            raise
    else:
        with closing(file), open_bundle(file, url) as bundle:
            member = _wanted(bundle, url, table, month, limit)
            file.prefetch(*_extent(member), progress)
            return _take(bundle, url, member, folder, file.version)
    whole = folder / "bundle"
    try:
        download = client.download(url, whole, progress=progress)
        with whole.open("rb") as opened, open_bundle(opened, url) as bundle:
            member = _wanted(bundle, url, table, month, limit)
            return _take(bundle, url, member, folder, download)
    finally:
        whole.unlink(missing_ok=True)


@contextmanager
def open_bundle(file: io.RawIOBase | io.BufferedIOBase, url: str) -> Iterator[zipfile.ZipFile]:
    """Open a bundle to find and extract members.

    Raises:
        BrokenFile: it is no zip, or its directory is damaged.
    """
    with _as_broken(url):
        bundle = zipfile.ZipFile(file)
    with bundle:
        yield bundle


@contextmanager
def _as_broken(label: str) -> Iterator[None]:
    """Turn what zipfile raises on damaged files into `BrokenFile`."""
    try:
        yield
    # RuntimeError: encrypted, or packed by an unknown method; ValueError: offsets out of the file.
    except (
        *(zipfile.BadZipFile, zlib.error, struct.error),
        *(EOFError, RuntimeError, ValueError),
    ) as error:
        raise BrokenFile(f"{label} cannot be unpacked ({error})") from error


def _wanted(
    bundle: zipfile.ZipFile, url: str, table: Table, month: Month, limit: int
) -> zipfile.ZipInfo:
    member = find_member(bundle, table, month)
    if member is None:
        count = len(bundle.filelist)
        raise NotThere(f"{url} holds no {table.name} of {month} among its {count} files")
    size = max(member.file_size, member.compress_size)
    if size > limit:
        raise BrokenFile(
            f"{url}!/{member.filename} has {size:,} bytes, more than the {limit:,} expected at most"
        )
    return member


def _take(
    bundle: zipfile.ZipFile,
    url: str,
    member: zipfile.ZipInfo,
    folder: Path,
    version: Download | Part,
) -> Member:
    path = folder / _base_name(member.filename)
    size, sha256 = extract_member(bundle, url, member, path)
    return Member(
        name=member.filename,
        path=path,
        size=size,
        sha256=sha256,
        last_modified=version.last_modified,
        etag=version.etag,
        synthetic=version.synthetic,
    )


def _extent(member: zipfile.ZipInfo) -> tuple[int, int]:
    """Return where a member's bytes lie; the end is a little generous."""
    header = _LOCAL_HEADER_BYTES + len(member.filename.encode()) + _LOCAL_EXTRA_BYTES
    return member.header_offset, member.header_offset + header + member.compress_size


def _base_name(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _distance(member: zipfile.ZipInfo) -> tuple[bool, bool, str]:
    name = member.filename.replace("\\", "/").upper()
    return not name.endswith(".ZIP"), "/DATA/" not in f"/{name}", name
