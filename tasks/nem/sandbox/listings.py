"""Folder pages in NEMweb's form: one long line, capital tags, absolute links, English dates.

>>> entry = Entry("A#B.zip", 12412, datetime(2026, 4, 18, 14, 41, tzinfo=NEM_TIME))
>>> b'<A HREF="/Reports/A%23B.zip">A#B.zip</A>' in listing_html("/Reports/", [entry])
True
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from nemflow.tasks.nem.market_time import NEM_TIME

HOST_IN_TITLE = "synthetic-nemweb"

# Not strftime's names, which follow the locale.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing; `size` in bytes, None for a folder; `name` without a slash."""

    name: str
    size: int | None
    modified: datetime


def listing_html(path: str, entries: Iterable[Entry], *, bare: bool = False) -> bytes:
    """Return the page of the folder `path`, which starts and ends with a slash.

    Links carry the names percent-encoded (``%23``), the text shows them raw (``#``).

    Args:
        path: of the folder.
        entries: what it lists.
        bare: leave out dates, sizes and the slash behind folders, as pages since 2026-04 may.
    """
    parent = path[: path.rstrip("/").rfind("/") + 1]
    up = f'<A HREF="{quote(parent)}">[To Parent Directory]</A><br><br>' if parent else ""
    make = _bare_line if bare else _line
    lines = "".join(make(path, entry) for entry in entries)
    title = f"{HOST_IN_TITLE} - {path}"
    return (
        f"<html><head><title>{title}</title></head><body><H1>{title}</H1><hr>\r\n\r\n"
        f"<pre>{up}{lines}</pre><hr></body></html>"
    ).encode("ascii")


def _line(path: str, entry: Entry) -> str:
    local = entry.modified.astimezone(NEM_TIME)
    day = f"{_WEEKDAYS[local.weekday()]}, {_MONTHS[local.month - 1]} {local.day}, {local.year}"
    clock = f"{(local.hour - 1) % 12 + 1}:{local.minute:02} {'AM' if local.hour < 12 else 'PM'}"
    is_folder = entry.size is None
    size = "       &lt;dir&gt;" if is_folder else f"{entry.size:>12}"
    href = quote(f"{path}{entry.name}{'/' if is_folder else ''}")
    return f'{day:>29} {clock:>8} {size} <A HREF="{href}">{entry.name}</A><br>'


def _bare_line(path: str, entry: Entry) -> str:
    return f'<A HREF="{quote(path + entry.name)}">{entry.name}</A><br>'
