"""A file on a server as a seekable file here, of which only what is read is transferred.

Made for ``zipfile.ZipFile`` on month bundles of 2 to 17 GB: opening one reads its end, where the
directory is; a member is then read in one piece after `prefetch`. Every answer must belong to the
same version of the file, or bytes of two files would be mixed.
"""

import io
import os
from bisect import bisect_right

from nemflow.errors import DownloadError
from nemflow.tasks.nem.answers import Progress
from nemflow.tasks.nem.download import Client, Part

# Holds the directory of a month bundle, about 300 members, mostly; the rest comes when asked for.
TAIL_BYTES = 1 << 16
_LEAST_BYTES = 1 << 14


class RangeFile(io.RawIOBase):
    """A read-only file over HTTP ranges; keeps in memory what it has fetched.

    Raises:
        RangeNotSupported: the server sends whole files only; nothing but the answer's head was
            transferred.
        DownloadError: a transfer failed for good, here or in any later read, or the file on the
            server changed meanwhile.
    """

    def __init__(self, client: Client, url: str, *, tail_bytes: int = TAIL_BYTES) -> None:
        super().__init__()
        self._client = client
        self._url = url
        self._position = 0
        self._starts: list[int] = []  # sorted; the blocks do not overlap
        self._blocks: list[bytes] = []
        self._first = client.get_range(url, 0, 1)
        self._fetch(max(0, self.size - tail_bytes), self.size)

    @property
    def size(self) -> int:
        """The size of the whole file in bytes."""
        return self._first.total

    @property
    def version(self) -> Part:
        """The first answer, for its Last-Modified, ETag and whether it is synthetic."""
        return self._first

    def prefetch(self, start: int, stop: int, progress: Progress | None = None) -> None:
        """Fetch the bytes from `start` up to `stop` in one request, if any of them is missing."""
        stop = min(stop, self.size)
        gap_start, gap_stop = self._gap(start, stop)
        if gap_start < gap_stop:
            self._fetch(gap_start, gap_stop, progress)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to `offset` from the start, the position or the end; return the new position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"position {base + offset} lies before the start of {self._url}")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # Buffer has no name in 3.11
        """Fill `buffer` from the position on, wholly but at the end of the file."""
        stop = min(self._position + len(buffer), self.size)
        count = 0
        while self._position < stop:
            piece = self._piece(stop)
            buffer[count : count + len(piece)] = piece
            count += len(piece)
            self._position += len(piece)
        return count

    def _piece(self, stop: int) -> bytes:
        """Return bytes at the position, at most up to `stop`, from one block."""
        missing, _ = self._gap(self._position, stop)
        if missing == self._position:
            self.prefetch(missing, max(stop, missing + _LEAST_BYTES))
        index = bisect_right(self._starts, self._position) - 1
        offset = self._position - self._starts[index]
        return self._blocks[index][offset : offset + stop - self._position]

    def _gap(self, start: int, stop: int) -> tuple[int, int]:
        """Return the first missing stretch within `start` to `stop`; empty where none is."""
        for block_start, block in zip(self._starts, self._blocks, strict=True):
            if block_start > start:
                return start, min(stop, block_start)
            start = max(start, block_start + len(block))
        return start, stop

    def _fetch(self, start: int, stop: int, progress: Progress | None = None) -> None:
        part = self._client.get_range(self._url, start, stop, progress=progress)
        if _marks(part) != _marks(self._first):
            raise DownloadError(f"{self._url} changed while it was read; try again")
        index = bisect_right(self._starts, start)
        self._starts.insert(index, start)
        self._blocks.insert(index, part.data)


def _marks(part: Part) -> tuple[int, str, str, bool]:
    return part.total, part.last_modified, part.etag, part.synthetic
