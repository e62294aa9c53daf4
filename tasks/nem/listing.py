"""NEMweb's folder pages as entries.

A page is one ``<pre>`` of ``date size <A HREF="…">name</A><br>``: capital tags, absolute hrefs,
size or ``<dir>``. Copies saved by a browser hold full addresses; some captures since 2026 lack
date, size and the slash that ends a folder. So only href and text are needed, the rest is taken
where it is there. The text holds a raw ``#`` where the href has it encoded; hrefs are kept exactly
as written, because the encoding that the server accepts has changed more than once.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from nemflow.tasks.nem.addresses import is_table_file
from nemflow.tasks.nem.market_time import NEM_TIME, Month
from nemflow.tasks.nem.tables import Table

# What stands before a link: "Friday, May 12, 2017 10:56 AM  259478", "5/12/2017 10:56 AM <dir>".
_DETAILS = re.compile(
    r"(?P<modified>(?:\w+, \w+ \d+, \d{4}|\d+/\d+/\d{4})\s+\d+:\d+\s*[AP]M)?"
    r"\s*(?P<size><dir>|\d+)?\s*",
    re.IGNORECASE,
)


_MODIFIED_FORMS = ("%A, %B %d, %Y %I:%M %p", "%m/%d/%Y %I:%M %p")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or folder of a listing.

    Args:
        name: the text shown, with a raw ``#``.
        href: the link exactly as written.
        url: the full address to ask for.
        size: bytes, where the page tells them.
        modified: the page's words, AEST, where it tells them.
        is_folder: whether it leads to another listing.
    """

    name: str
    href: str
    url: str
    size: int | None
    modified: str | None
    is_folder: bool

    @property
    def modified_at(self) -> datetime | None:
        """The instant of `modified`; None where the page tells none that can be read."""
        for form in _MODIFIED_FORMS:
            try:
                text = " ".join((self.modified or "").split())
                return datetime.strptime(text, form).replace(tzinfo=NEM_TIME)
            except ValueError:
                continue
        return None


def parse_listing(html: str, base_url: str) -> tuple[Entry, ...]:
    """Return the files and folders that a page shows, in its order.

    The links back up the tree, links to the page itself and ``DUPLICATE`` folders are left out.
    A page without links, or something else than a listing, gives an empty tuple or odd entries:
    the caller looks for the file it wants. A link that is no address is left out.
    """
    page = _Page()
    try:
        page.feed(html)
        page.close()
    except AssertionError:  # how the standard library's parser gives up, on "<![" without a name
        return ()
    return tuple(_entries(page.links, base_url))


def find_table(entries: Iterable[Entry], table: Table, month: Month) -> Entry | None:
    """Return the entry of a table's month, under either name and in any case."""
    files = (entry for entry in entries if not entry.is_folder)
    return next((entry for entry in files if _is_table(entry, table, month)), None)


class _Page(HTMLParser):
    """Collects (text before the link, href, text of the link)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str, str]] = []
        self._before = ""
        self._href: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href, self._text = dict(attrs).get("href"), ""
        elif tag == "br":
            self._before = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.links.append((self._before.strip(), self._href, self._text.strip()))
            self._href, self._before = None, ""

    def handle_data(self, data: str) -> None:
        if self._href is None:
            self._before += data
        else:
            self._text += data


def _entries(links: Iterable[tuple[str, str, str]], base_url: str) -> Iterator[Entry]:
    for link in links:
        try:
            entry = _entry(*link, base_url)
            if not _leads_away(entry, base_url):
                yield entry
        except ValueError:  # the link is no address, such as "//["
            continue


def _entry(before: str, href: str, text: str, base_url: str) -> Entry:
    details = _DETAILS.fullmatch(before)
    modified, size = details.group("modified", "size") if details else (None, None)
    # A raw "#" would begin a fragment, and fetch the folder's page in place of the file.
    url = urljoin(base_url, href.replace("#", "%23"))
    if size is not None and size.isdigit():
        return Entry(text, href, url, int(size), modified, is_folder=False)
    is_folder = size is not None or href.endswith("/") or "." not in text
    return Entry(text, href, url, None, modified, is_folder)


def _leads_away(entry: Entry, base_url: str) -> bool:
    path, base = (urlsplit(url).path.lower().rstrip("/") for url in (entry.url, base_url))
    is_upward = f"{base}/".startswith(f"{path}/")
    is_duplicate = entry.is_folder and path.endswith("/duplicate")
    return is_upward or is_duplicate or "parent directory" in entry.name.lower()


def _is_table(entry: Entry, table: Table, month: Month) -> bool:
    in_href = unquote(unquote(urlsplit(entry.url).path.rpartition("/")[2]))
    return any(is_table_file(name, table, month, ".zip") for name in (entry.name, in_href))
