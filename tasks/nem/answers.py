"""Reading one HTTP answer: its body, counted, and what its headers say of the file."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit

import requests

from nemflow.errors import DownloadError, RangeNotSupported
from nemflow.tasks.nem.faults import Fault

Progress = Callable[[int, int | None], None]

SYNTHETIC_HEADER = "X-Nemflow-Synthetic"

_CHUNK = 1 << 16
_EMPTY_ADVICE = "AEMO may be replacing it: try again later"
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


def is_synthetic(response: requests.Response) -> bool:
    """Tell whether the answer comes from nemflow's synthetic market."""
    return SYNTHETIC_HEADER in response.headers


def is_page(response: requests.Response) -> bool:
    """Tell whether the answer calls itself a web page."""
    return str(response.headers.get("Content-Type", "")).lower().startswith("text/html")


def body_size(response: requests.Response) -> int | None:
    """Return the size in bytes that the answer promises, if it does."""
    text = response.headers.get("Content-Length", "")
    is_plain = response.headers.get("Content-Encoding", "identity") == "identity"
    return int(text) if is_plain and text.isdigit() else None


def read_chunks(
    response: requests.Response, progress: Progress | None, limit: int | None = None
) -> Iterator[bytes]:
    """Yield the body, telling `progress` of the bytes so far and in all.

    Raises:
        Fault: the body has another length than promised, or more than `limit` bytes.
    """
    promised, done = body_size(response), 0
    for chunk in response.iter_content(_CHUNK):
        done += len(chunk)
        if limit is not None and done > limit:
            raise Fault(f"sent more than the {limit:,} bytes expected")
        yield chunk
        if progress is not None:
            progress(done, promised)
    # urllib3 sees to this only since version 2.
    if promised is not None and done != promised:
        raise Fault(f"sent {done:,} of {promised:,} bytes")


def total_size(response: requests.Response, start: int, stop: int) -> int:
    """Return the size of the whole file of which a 206 answer holds `start` to `stop`.

    Raises:
        RangeNotSupported: the server does not tell.
        Fault: the answer holds other bytes than those asked for.
    """
    header = str(response.headers.get("Content-Range", ""))
    match = _CONTENT_RANGE.fullmatch(header)
    if match is None or (int(match[1]), int(match[2]) + 1) != (start, stop):
        raise Fault(f"sent {header or 'unnamed bytes'} when asked for bytes {start}-{stop - 1}")
    if match[3] == "*":
        raise RangeNotSupported(f"the server does not tell the size of {_file_name(response)}")
    return int(match[3])


def no_bytes_at(start: int, url: str) -> Fault:
    """Return the fault of a file in which there are no bytes at `start`, so that it is empty.

    Raises:
        DownloadError: it is not the start: the file had those bytes before.
    """
    if start > 0:
        raise DownloadError(f"{url} changed while it was read; try again")
    return Fault("is an empty file", _EMPTY_ADVICE)


def whole_file_only(response: requests.Response) -> RangeNotSupported:
    """Return the error for a server that answers a range with all of the file.

    Raises:
        Fault: what it sends is a web page, so nothing is known of the file, or the file is empty.
    """
    if is_page(response):
        raise Fault("sent a web page in place of the file")
    size = body_size(response)
    if size == 0:
        raise Fault("is an empty file", _EMPTY_ADVICE)
    return RangeNotSupported(
        f"the server does not send parts of {_file_name(response)} "
        f"({_size_words(size)}; --allow-large-download fetches it whole)"
    )


def redirected_url(url: str, location: str) -> str:
    """Return where a redirect leads.

    >>> redirected_url("https://nemweb.com.au/a", "/b%2523")
    'https://nemweb.com.au/b%2523'

    Raises:
        DownloadError: from https to a connection that anyone can read and change.
    """
    target = urljoin(url, location)
    if url.startswith("https:") and not target.startswith("https:"):
        raise DownloadError(f"{url} redirects to {target}, which is not https; it is refused")
    return target


def _size_words(size: int | None) -> str:
    if size is None:
        return "size unknown"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _file_name(response: requests.Response) -> str:
    return urlsplit(str(response.url)).path.rpartition("/")[2]
