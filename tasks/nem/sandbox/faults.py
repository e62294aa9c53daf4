"""Faults that the sandbox can commit on request, one by one or several at once.

A fault strikes the requests whose path contains its text, as often as it says. Faults of the
*content* change the file and keep all else whole (checksums, nesting, footer); faults of the
*answer* replace it or break its transfer. `damage` says how files are changed.
"""

import enum
import threading
from collections.abc import Iterable
from dataclasses import dataclass

_CURRENT = "/Reports/CURRENT/"


class FaultKind(enum.StrEnum):
    """What goes wrong."""

    # The answer
    FORBIDDEN = "forbidden"  # 403 with a web page
    NOT_FOUND = "not-found"  # 404 with a web page
    TOO_MANY = "too-many"  # 429 with Retry-After
    UNAVAILABLE = "unavailable"  # 503 with a web page
    HTML_200 = "html-200"  # a web page with status 200
    ENCODED_HASH = "encoded-hash"  # %23 in the path gives 400, %2523 works
    LATE = "late"  # nothing for a while, then the answer
    SLOW = "slow"  # bytes drip
    STALLED = "stalled"  # some bytes, then nothing until the client leaves
    RESET = "reset"  # some bytes, then the connection is reset
    TRUNCATED = "truncated"  # some bytes, then the connection is closed
    NO_RANGE = "no-range"  # Range is ignored: 200 with the whole file
    LISTING_HIDES = "listing-hides"  # folder pages leave out what the text names
    LISTING_BARE = "listing-bare"  # folder pages without dates and sizes, folders without slash
    ROLLED_AWAY = "rolled-away"  # a CURRENT file is listed and gone when fetched: 404 from then on

    # The content
    BROKEN_ZIP = "broken-zip"  # flipped bytes in the compressed data
    WRONG_CRC = "wrong-crc"  # the data is right, its stated checksum is not
    PATH_MEMBER = "path-member"  # the member is called ../../evil.CSV
    BOMB = "bomb"  # the member inflates to far more than a table
    EXTRA_MEMBER = "extra-member"  # a second member beside the table
    WRONG_FOOTER = "wrong-footer"  # the footer's count is one too high
    MISSING_COLUMN = "missing-column"  # no RRP (TOTALDEMAND, POWER) in header and rows
    TEXT_IN_NUMBER = "text-in-number"  # RRP (TOTALDEMAND, POWER) reads n/a in some rows
    MISSING_INTERVALS = "missing-intervals"  # all rows of some intervals are gone
    DUPLICATE_ROWS = "duplicate-rows"  # rows with a wrong value, and once more: later, and right
    EMPTY_FILE = "empty-file"  # no bytes at all


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fault:
    """One fault; two faults with the same words are still two, each with its own count.

    Args:
        kind: what goes wrong.
        path_contains: strikes paths with this text, percent-encoded or not; "" strikes all.
        times: how many requests it strikes; None for all.
        retry_after_s: seconds in the Retry-After of TOO_MANY.
        delay_s: how long LATE waits.
        bytes_per_s: pace of SLOW.
        after_bytes: how much of the body STALLED, RESET and TRUNCATED send first.
        consistent_length: TRUNCATED states the length of what it sends, so that HTTP sees no fault.
        stamps: the SETTLEMENTDATEs (``2014/01/01 12:00:00``) whose rows the row faults strike;
            empty for `count` of them, spread over the file.
        count: see `stamps` and `member_contains`.
        member_contains: faults of the content strike the zips in an archive of reports whose name
            has this text; where it is empty, those with one of the `stamps`, and where these are
            empty too, `count` zips spread over the archive.
        inflated_bytes: how large the member of BOMB becomes.
        understated: the directory says that BOMB's member has 1 000 bytes.
    """

    kind: FaultKind
    path_contains: str = ""
    times: int | None = None
    retry_after_s: int = 1
    delay_s: float = 0.1
    bytes_per_s: int = 20_000
    after_bytes: int = 1_000
    consistent_length: bool = False
    stamps: tuple[str, ...] = ()
    count: int = 3
    member_contains: str = ""
    inflated_bytes: int = 300_000_000
    understated: bool = False


class FaultPlan:
    """The faults that are on, and how often each has struck. Safe to use from threads."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._struck: dict[Fault, int] = dict.fromkeys(faults, 0)
        self._gone: set[str] = set()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are on, in order; those that have struck all their times stay."""
        with self._lock:
            return tuple(self._struck)

    @property
    def gone(self) -> tuple[str, ...]:
        """The paths of files that have rolled away; they come back when no such fault is on."""
        with self._lock:
            return tuple(self._gone)

    def replace(self, faults: Iterable[Fault]) -> None:
        """Switch on `faults` and no others; those that were on keep their counts."""
        with self._lock:
            self._struck = {fault: self._struck.get(fault, 0) for fault in faults}
            if not any(fault.kind is FaultKind.ROLLED_AWAY for fault in self._struck):
                self._gone.clear()

    def strike(self, path: str, raw_path: str) -> tuple[Fault, ...]:
        """Return the faults for one request and count it for each."""
        with self._lock:
            struck = tuple(
                fault
                for fault, count in self._struck.items()
                if (fault.times is None or count < fault.times)
                and _strikes(fault, path, raw_path)
                and not (fault.kind is FaultKind.ROLLED_AWAY and path in self._gone)
            )
            for fault in struck:
                self._struck[fault] += 1
                if fault.kind is FaultKind.ROLLED_AWAY:
                    self._gone.add(path)
            return struck


def _strikes(fault: Fault, path: str, raw_path: str) -> bool:
    is_folder = path.endswith("/")
    if fault.kind is FaultKind.LISTING_HIDES:
        return is_folder
    if fault.kind is FaultKind.LISTING_BARE and not is_folder:
        return False
    if fault.kind is FaultKind.ROLLED_AWAY and (is_folder or not path.startswith(_CURRENT)):
        return False
    return fault.path_contains in path or fault.path_contains in raw_path
