"""What the archive hands out: published files, and those that together hold a day.

Real files and those of nemflow's synthetic market look alike, so they are never mixed.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from nemflow.errors import DownloadError, NotThere
from nemflow.tasks.nem.sources import Quality, Shelf, Source


class WrongMarket(DownloadError):
    """A file is synthetic where a real one was wanted, or real where a synthetic one was."""


class NotPublishedYet(NotThere):
    """AEMO will publish it, but has not yet.

    Args:
        usual_at: when it usually comes, if that is known.
        overdue: it should have come long ago.
    """

    def __init__(
        self, message: str, *, usual_at: datetime | None = None, overdue: bool = False
    ) -> None:
        super().__init__(message)
        self.usual_at = usual_at
        self.overdue = overdue


class Unreachable(DownloadError):
    """A server did not answer at all: another name on it need not be tried."""


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file exactly as AEMO published it, lying in the archive; or all single files of a day.

    Args:
        path: the file; of single files their folder, whose `size` is that of all of them and whose
            `sha256` is that of the list of theirs (sidecar.py).
        url: where it came from; of a member of a bundle ``https://….zip!/path/inside/name.zip``.
        fetched_at: aware, UTC.
        created: AEMO's creation stamp (``2018/06/07 00:30:02``, NEM time); of a file without C line
            the HTTP Last-Modified text, empty if there was none.
        complete: False if the month was not over in the file.
        synthetic: it came from nemflow's synthetic market.
    """

    path: Path
    source: Source
    url: str
    sha256: str
    size: int
    fetched_at: datetime
    created: str
    complete: bool
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Published:
    """The files that together hold one day.

    Args:
        reason: why a better source was not used, in one line; empty if the best one was.
        quality: how settled the data are.
        shelf: where the source keeps the files.
    """

    day: date
    source: Source
    files: tuple[PublishedFile, ...]
    reason: str
    quality: Quality = Quality.FINAL
    shelf: Shelf = Shelf.MONTH
