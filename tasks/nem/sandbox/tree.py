"""What lies at which path of the sandbox: MMSDM, Reports, PRICE_AND_DEMAND, real files.

A month of MMSDM is there from eleven days after its end on; months of 2009-07 to 2014-12 exist as
bundles only, later ones as folders of tables and as bundles. Paths are case-sensitive.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nemflow.tasks.nem.market_time import Month, month_bounds
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.files import (
    BUNDLE_SIZE,
    FIRST_BUNDLE,
    FIRST_TABLES,
    known_table_size,
    last_interval_end,
    month_bundle,
    price_and_demand_csv,
    published_at,
    region_file_name,
    table_file_name,
    table_zip,
    tables_of,
)
from nemflow.tasks.nem.sandbox.listings import Entry, listing_html
from nemflow.tasks.nem.sandbox.memory import Memory
from nemflow.tasks.nem.sandbox.reports import DUPLICATE, REPORTS, Reports, all_feeds
from nemflow.tasks.nem.sandbox.revisions import Edition, Revision

MMSDM = "/Data_Archive/Wholesale_Electricity/MMSDM/"
PRICE_AND_DEMAND = "/aemo/data/nem/priceanddemand/"

_LOADER = "MMSDM_Historical_Data_SQLLoader"
_LOADER_FOLDERS = ("BCP_DATA", "CTL", "DATA", "DOCUMENTATION", "LOGS", "PREDISP_ALL_DATA")
_UPPER_FOLDERS = {
    "/": ("Data_Archive", "Reports"),
    "/Data_Archive/": ("Wholesale_Electricity",),
    "/Data_Archive/Wholesale_Electricity/": ("MMSDM",),
}

_BUNDLE = re.compile(re.escape(MMSDM) + r"([12]\d{3})/MMSDM_\1_(0[1-9]|1[0-2])\.zip", re.ASCII)
_IN_MONTH = re.compile(re.escape(MMSDM) + r"([12]\d{3})/MMSDM_\1_(0[1-9]|1[0-2])/(.*)", re.ASCII)
_YEAR = re.compile(re.escape(MMSDM) + r"([12]\d{3})/", re.ASCII)
_REGION_FILE = re.compile(
    re.escape(PRICE_AND_DEMAND) + r"PRICE_AND_DEMAND_([12]\d{3})(0[1-9]|1[0-2])_(\w+)\.csv",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Page:
    """The answer to one path: its body, and what the headers say of it.

    `version` names a file's body for the server's memory; None for a folder's page, which is made
    at each request.
    """

    body: bytes
    content_type: str
    modified: datetime
    version: Hashable = None
    synthetic: bool = True

    @property
    def is_listing(self) -> bool:
        """Whether this is a web page and not a data file."""
        return self.version is None


class PublishedTree:
    """The tree of published files at the instant that `now` tells. Safe to use from threads.

    Args:
        now: gives the aware instant by which files are published or not.
        root: a folder of real files laid out by URL path, which take precedence.
        zip64: write bundles with zip64 directories, as AEMO's above 4 GB are.
        revisions: prices that change; may be assigned anew at any time.
        archive_by_stamp: see SandboxServer.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        root: Path | None,
        *,
        zip64: bool,
        revisions: Iterable[Revision] = (),
        archive_by_stamp: bool = False,
    ) -> None:
        self.memory = Memory()
        self.revisions = tuple(revisions)
        self._now = now
        self._root = root
        self._zip64 = zip64
        self._reports = Reports(all_feeds(by_stamp=archive_by_stamp))

    def find(
        self, path: str, raw_path: str, *, hidden: tuple[str, ...] = (), bare: bool = False
    ) -> Page | None:
        """Return the page at the decoded `path`, or None where nothing is published.

        Args:
            path: percent-decoded, starts with a slash.
            raw_path: as requested; files below the root may lie under encoded names.
            hidden: texts; entries whose path contains one are left out of synthetic listings.
            bare: make synthetic listings without dates and sizes.
        """
        found = self._real_file(path, raw_path) or self._data_file(path)
        return found or self._folder(path, hidden, bare=bare)

    def is_folder(self, path: str) -> bool:
        """Tell whether `path`, which ends with a slash, has a synthetic listing."""
        return self._entries(path) is not None

    def _real_file(self, path: str, raw_path: str) -> Page | None:
        if self._root is None:
            return None
        root = self._root.resolve()
        for name in (path, raw_path):
            file = (root / f".{name}{'index.html' if name.endswith('/') else ''}").resolve()
            if file.is_relative_to(root) and file.is_file():
                return self._page_of_file(file)
        return None

    def _page_of_file(self, file: Path) -> Page:
        facts = file.stat()
        version = (str(file), facts.st_mtime_ns, facts.st_size)
        body = self.memory.remember(version, file.read_bytes)
        modified = datetime.fromtimestamp(facts.st_mtime, UTC)
        kind = _content_type(file.name)
        is_page = kind == "text/html"
        return Page(body, kind, modified, None if is_page else version, synthetic=False)

    def _data_file(self, path: str) -> Page | None:
        if match := _BUNDLE.fullmatch(path):
            month = Month(int(match[1]), int(match[2]))
            return self._bundle(month) if self._is_published(month) else None
        if match := _IN_MONTH.fullmatch(path):
            month = Month(int(match[1]), int(match[2]))
            return self._table(month, match[3]) if self._has_tables(month) else None
        if match := _REGION_FILE.fullmatch(path):
            return self._region_file(Month(int(match[1]), int(match[2])), match[3])
        return self._report(path)

    def _bundle(self, month: Month) -> Page:
        edition = self._edition(month)
        return self._page(
            ("bundle", month, edition),
            lambda: month_bundle(month, zip64=self._zip64, edition=edition)[1],
            edition.written_at(published_at(month)),
        )

    def _table(self, month: Month, inside: str) -> Page | None:
        for table in tables_of(month):
            if inside == f"{_LOADER}/DATA/{table_file_name(table, month)}":
                return self._table_page(table, month)
        return None

    def _table_page(self, table: str, month: Month) -> Page:
        edition = self._edition(month)
        return self._page(
            (table, month, edition),
            lambda: table_zip(table, month, edition)[1],
            edition.written_at(published_at(month)),
        )

    def _table_size(self, table: str, month: Month) -> int:
        return known_table_size(table, month) or len(self._table_page(table, month).body)

    def _region_file(self, month: Month, region: str) -> Page | None:
        now = self._now()
        if region not in REGIONS:
            return None
        end, edition = last_interval_end(month, now), self._edition(month)
        page = self._page(
            (region_file_name(month, region), end, edition),
            lambda: price_and_demand_csv(month, region, now, edition),
            edition.written_at(end),
            "text/csv",
        )
        return page if page.body else None

    def _report(self, path: str) -> Page | None:
        known = self._known()
        issue = self._reports.find(path, self._now(), known)
        if issue is None:
            return None
        edition = issue.edition(known)
        modified = edition.written_at(issue.published_at)
        return self._page((issue.name, edition), lambda: issue.make(edition), modified)

    def _page(
        self,
        version: Hashable,
        make: Callable[[], bytes],
        modified: datetime,
        content_type: str = "application/zip",
    ) -> Page:
        return Page(self.memory.remember(version, make), content_type, modified, version)

    def _known(self) -> Edition:
        return Edition.at(self._now(), self.revisions)

    def _edition(self, month: Month) -> Edition:
        return self._known().within(*month_bounds(month))

    def _modified(self, month: Month) -> datetime:
        return self._edition(month).written_at(published_at(month))

    def _folder(self, path: str, hidden: tuple[str, ...], *, bare: bool) -> Page | None:
        entries = self._entries(path)
        if entries is None:
            return None
        shown = [e for e in entries if not any(text in f"{path}{e.name}" for text in hidden)]
        return Page(listing_html(path, shown, bare=bare), "text/html", self._now())

    def _entries(self, path: str) -> list[Entry] | None:
        if names := _UPPER_FOLDERS.get(path):
            return [Entry(name, None, self._now()) for name in names]
        if path.startswith(REPORTS) and path.endswith("/"):
            return self._reports.entries(path, self._now(), self._known())
        if path == MMSDM:
            return self._years() or None
        if match := _YEAR.fullmatch(path):
            return self._year(int(match[1])) or None
        if match := _IN_MONTH.fullmatch(path):
            month = Month(int(match[1]), int(match[2]))
            return self._month(month, match[3]) if self._has_tables(month) else None
        return None

    def _years(self) -> list[Entry]:
        newest: dict[int, Month] = {month.year: month for month in self._published_months()}
        return [Entry(str(year), None, self._modified(month)) for year, month in newest.items()]

    def _year(self, year: int) -> list[Entry]:
        entries = []
        for month in self._published_months():
            if month.year == year:
                name = f"MMSDM_{year}_{month.month:02}"
                if self._has_tables(month):
                    entries.append(Entry(name, None, self._modified(month)))
                entries.append(Entry(f"{name}.zip", BUNDLE_SIZE, self._modified(month)))
        return entries

    def _month(self, month: Month, inside: str) -> list[Entry] | None:
        modified = self._modified(month)
        if inside == "":
            return [Entry(_LOADER, None, modified)]
        if inside == f"{_LOADER}/":
            return [Entry(name, None, modified) for name in _LOADER_FOLDERS]
        if inside == f"{_LOADER}/DATA/":
            files = [
                Entry(table_file_name(table, month), self._table_size(table, month), modified)
                for table in tables_of(month)
            ]
            return [Entry(DUPLICATE, None, modified), *files]
        is_empty = inside in (
            f"{_LOADER}/DATA/{DUPLICATE}/",
            *(f"{_LOADER}/{n}/" for n in _LOADER_FOLDERS),
        )
        return [] if is_empty else None

    def _published_months(self) -> Iterator[Month]:
        month = FIRST_BUNDLE
        while self._is_published(month):
            yield month
            month = month.next()

    def _is_published(self, month: Month) -> bool:
        return month >= FIRST_BUNDLE and published_at(month) <= self._now()

    def _has_tables(self, month: Month) -> bool:
        return month >= FIRST_TABLES and self._is_published(month)


def _content_type(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return {".html": "text/html", ".csv": "text/csv", ".zip": "application/zip"}.get(
        suffix, "application/octet-stream"
    )
