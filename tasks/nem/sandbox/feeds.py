"""A folder of Reports: which files are in it at an instant, and what each of them is.

Files come at regular times and leave after a while, so a folder is a window on a regular row of
keys. A key is the aware instant that a file is named by: the end of its interval, or the 00:00
with which its day, week or month begins.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL, Edition

_KEY = re.compile(r"_(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d))?[_.]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Issue:
    """One published file.

    Args:
        name: of the file.
        published_at: when it appears.
        size: in bytes, the same in every edition.
        span: the instants between which its intervals lie; it is written again when their prices
            are revised. None for a file that never is.
        make: gives its bytes.
    """

    name: str
    published_at: datetime
    size: int
    span: tuple[datetime, datetime] | None
    make: Callable[[Edition], bytes]

    def edition(self, known: Edition) -> Edition:
        """Return what of the `known` revisions concerns this file."""
        return known.within(*self.span) if self.span else ORIGINAL


@dataclass(frozen=True, slots=True)
class Feed:
    """One folder of Reports.

    Args:
        folder: below ``/Reports/``, such as ``CURRENT/Public_Prices``.
        window: the first and the last key of the files that are there at an instant.
        following: the key after a key.
        issue: the file of a key.
        has_duplicates: whether a folder DUPLICATE lies in it.
    """

    folder: str
    window: Callable[[datetime], tuple[datetime, datetime]]
    following: Callable[[datetime], datetime]
    issue: Callable[[datetime], Issue]
    has_duplicates: bool = False

    def published(self, now: datetime) -> Iterator[Issue]:
        """Yield the files that are there at `now`, the oldest first."""
        key, last = self.window(now)
        while key <= last:
            yield self.issue(key)
            key = self.following(key)

    def find(self, name: str, now: datetime) -> Issue | None:
        """Return the file called `name` if it is there at `now`."""
        key = _key_of(name)
        first, last = self.window(now)
        if key is None or not first <= key <= last:
            return None
        issue = self.issue(key)
        return issue if issue.name == name else None


def _key_of(name: str) -> datetime | None:
    match = _KEY.search(name)
    if match is None:
        return None
    try:
        year, month, day, hour, minute = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, tzinfo=NEM_TIME)
    except ValueError:
        return None
