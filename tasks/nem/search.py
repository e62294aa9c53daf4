"""Obtaining the files of one rung of the ladder: from the archive, else from the network.

A file is looked for in the archive first; what is missing, doubted, or to be renewed is asked for,
verified and kept there.
"""

from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from nemflow.errors import BrokenFile, MarketError, NotThere, SettingsError
from nemflow.tasks.nem.archive import Archive, Arrival, Supply
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.feeds import Grain, Span
from nemflow.tasks.nem.fetch_settings import FetchSettings, open_archive, open_client
from nemflow.tasks.nem.holding import Holding
from nemflow.tasks.nem.market_time import Month, day_bounds
from nemflow.tasks.nem.published import NotPublishedYet, PublishedFile
from nemflow.tasks.nem.regions import regions_on
from nemflow.tasks.nem.sidecar import Sidecar
from nemflow.tasks.nem.slots import Slot, intervals_slot, region_slot, report_slot, table_slot
from nemflow.tasks.nem.sources import REPORT_FEEDS, Rung, Source

if TYPE_CHECKING:  # these import requests and pyarrow, which files in the archive do not need
    from nemflow.tasks.nem.answers import Progress
    from nemflow.tasks.nem.download import Client
    from nemflow.tasks.nem.verify import FileFacts, VerifyTable

# The latest month of MMSDM took 67 days; after this long it will not come.
_TABLE_FILES_LATE_AFTER = timedelta(days=70)


class Search:
    """Looks for published files, one rung at a time; a context manager.

    Args:
        client: to fetch with; by default one is made when the network is first needed.
        archive: the one of the settings, if the caller has it open already.
        verify: accepts or refuses a file of a table; by default `verify_table_file`.
        renew_since: what was fetched before this instant is asked for again; None for nothing.
    """

    def __init__(
        self,
        dataset: Dataset,
        settings: FetchSettings,
        client: "Client | None" = None,
        progress: "Progress | None" = None,
        archive: Archive | None = None,
        verify: "VerifyTable | None" = None,
        renew_since: datetime | None = None,
    ) -> None:
        self._dataset = dataset
        self._settings = settings
        self._client = client
        self._progress = progress
        self._renew_since = renew_since
        self._exits = ExitStack()
        self._archive = archive or open_archive(settings, Archive)
        self._verify = verify

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def files_of(self, rung: Rung, day: date) -> tuple[PublishedFile, ...]:
        """Return the files of one rung that together hold `day`, in the order of their spans.

        Raises:
            MarketError: as for `nemflow.tasks.nem.fetch.fetch_day`.
        """
        if rung.source in REPORT_FEEDS:
            return self._report_files(rung, day)
        return self.files_of_month(rung, day)

    def files_of_month(self, rung: Rung, day: date) -> tuple[PublishedFile, ...]:
        """Return the files of the month of `day`, of a source that publishes by month.

        Raises:
            SettingsError: the source publishes no months.
            MarketError: as for `files_of`.
        """
        if rung.source is Source.PRICE_AND_DEMAND:
            return tuple(self._region_file(rung, region, day) for region in regions_on(day))
        if rung.source in REPORT_FEEDS:
            raise SettingsError(f"{rung.source} publishes no months of {self._dataset.name}")
        return (self._table_file(rung, Month.of(day)),)

    def _connected(self) -> "Client":
        if self._client is None:
            self._client = self._exits.enter_context(open_client(self._settings))
        return self._client

    def _obtain(self, slot: Slot, supply: Supply) -> Holding:
        try:
            return self._archive.obtain(slot, supply, self._settings.now)
        except NotThere:
            # A file that was only to be renewed has left its folder, and is good as it is.
            held = None if self._renew_since is None else self._archive.find(slot)
            if held is None or held.sidecar.doubt:
                raise
            return held

    def _is_fresh(self, known: Sidecar) -> bool:
        return self._renew_since is None or known.fetched_at >= self._renew_since

    # tables of a month

    def _table_file(self, rung: Rung, month: Month) -> PublishedFile:
        table = self._dataset.tables[rung.source]
        if self._settings.now() < rung.opens_at:
            raise NotPublishedYet(self._table_not_yet(rung, month))

        def fetch(folder: Path, known: Sidecar | None) -> Arrival | None:
            return self._fetch_table(rung, month, folder, known)

        def verify(path: Path) -> "FileFacts":
            from nemflow.tasks.nem.verify import verify_table_file  # imports pyarrow

            return (self._verify or verify_table_file)(path, table, month)

        return self._obtain(table_slot(table, month), Supply(self._is_fresh, fetch, verify)).file

    def _fetch_table(
        self, rung: Rung, month: Month, folder: Path, known: Sidecar | None
    ) -> Arrival | None:
        from nemflow.tasks.nem.month_files import fetch_from_bundle, fetch_table  # imports requests

        url, table = self._settings.nemweb_url, self._dataset.tables[rung.source]
        client, progress = self._connected(), self._progress
        if rung.source is Source.BUNDLE:
            allowed = self._settings.allow_large_download
            return fetch_from_bundle(
                *(client, url, table, month, folder, known),
                allow_large_download=allowed,
                progress=progress,
            )
        try:
            return fetch_table(client, url, table, month, folder, known, progress)
        except NotThere as error:
            if self._settings.now() - rung.opens_at < _TABLE_FILES_LATE_AFTER:
                raise NotPublishedYet(f"{self._table_not_yet(rung, month)}; {error}") from error
            raise

    def _table_not_yet(self, rung: Rung, month: Month) -> str:
        return (
            f"{self._dataset.tables[rung.source].name} of {month} is not published yet: "
            "a month usually follows 1 to 3 weeks after its end"
        )

    # regions of a month

    def _region_file(self, rung: Rung, region: str, day: date) -> PublishedFile:
        month, day_end = Month.of(day), day_bounds(day)[1]

        def fetch(folder: Path, known: Sidecar | None) -> Arrival | None:
            from nemflow.tasks.nem.month_files import fetch_region  # imports requests

            client, url = self._connected(), self._settings.aemo_url
            return fetch_region(client, url, region, month, folder, known, self._progress)

        def verify(path: Path) -> "FileFacts":
            from nemflow.tasks.nem.verify import verify_region_file  # imports pyarrow

            return verify_region_file(path, region, month)

        def is_enough(known: Sidecar) -> bool:
            return known.last_stamp >= day_end and self._is_fresh(known)

        try:
            held = self._obtain(region_slot(region, month), Supply(is_enough, fetch, verify))
        except NotThere as error:
            if self._settings.now() < rung.overdue_at:
                said = f"{_not_yet(day)}: {error}; try again later"
                raise NotPublishedYet(said) from error
            raise
        if held.sidecar.last_stamp < day_end:
            raise self._too_short(rung, held, day)
        return held.file

    def _too_short(self, rung: Rung, held: Holding, day: date) -> MarketError:
        end = f"{held.sidecar.last_stamp:%Y-%m-%d %H:%M}"
        if self._settings.now() < rung.overdue_at:
            return NotPublishedYet(
                f"{_not_yet(day)}: {held.file.url} ends at {end} (market time); "
                "a day is usually added in the morning after it"
            )
        return BrokenFile(f"{held.file.url} ends at {end}, though {day} is long over")

    # reports

    def _report_files(self, rung: Rung, day: date) -> tuple[PublishedFile, ...]:
        folder = rung.folder
        if self._settings.now() < rung.opens_at:
            raise NotPublishedYet(f"{_not_yet(day)}: {folder.path} has not come to it")
        if folder.grain is Grain.INTERVAL:
            return (self._interval_files(rung, day),)
        held: list[Holding] = []
        for span in folder.spans_of(day):
            if held and folder.grain in (Grain.DAY, Grain.WEEK) and _has_last_of(day, held[-1]):
                break  # the archive begins at 00:05: its file of the day is whole
            held.append(self._report_file(rung, span))
        return tuple(one.file for one in held)

    def _report_file(self, rung: Rung, span: Span) -> Holding:
        feed, folder = REPORT_FEEDS[rung.source], rung.folder
        table = self._dataset.tables[rung.source]

        def fetch(to: Path, known: Sidecar | None) -> Arrival | None:
            from nemflow.tasks.nem.report_files import fetch_report  # imports requests

            client, url = self._connected(), self._settings.nemweb_url
            return fetch_report(client, url, rung, span, to, known, self._progress)

        def verify(path: Path) -> "FileFacts":
            from nemflow.tasks.nem.verify_reports import verify_report  # imports pyarrow

            return verify_report(path, feed, folder, table, span)

        slot = report_slot(feed, folder, span)
        try:
            return self._obtain(slot, Supply(self._is_fresh, fetch, verify))
        except NotThere as error:
            raise self._missing(rung, error) from error

    def _interval_files(self, rung: Rung, day: date) -> PublishedFile:
        feed, table = REPORT_FEEDS[rung.source], self._dataset.tables[rung.source]

        def fetch(to: Path, known: Sidecar | None) -> Arrival | None:
            from nemflow.tasks.nem.interval_files import fetch_intervals  # imports requests

            client, settings = self._connected(), self._settings
            minutes, progress = table.minutes_on(day), self._progress
            return fetch_intervals(
                *(client, settings.nemweb_url, rung, day, minutes, to),
                connections=settings.connections,
                progress=progress,
            )

        def verify(path: Path) -> "FileFacts":
            from nemflow.tasks.nem.verify_reports import verify_intervals  # imports pyarrow

            return verify_intervals(path, feed, table, day)

        # Single files never change: one that was corrected has another number.
        supply = Supply(lambda known: True, fetch, verify)
        try:
            return self._obtain(intervals_slot(feed, day), supply).file
        except NotThere as error:
            raise self._missing(rung, error) from error

    def _missing(self, rung: Rung, error: NotThere) -> NotThere:
        """Return what it means that a listing lacks a file: not yet, or not there."""
        if self._settings.now() < rung.overdue_at and not isinstance(error, NotPublishedYet):
            return NotPublishedYet(f"{error}: not published yet")
        return error


def _not_yet(day: date) -> str:
    return f"prices of {day} are not published yet"


def _has_last_of(day: date, held: Holding) -> bool:
    return held.sidecar.last_stamp >= day_bounds(day)[1]
