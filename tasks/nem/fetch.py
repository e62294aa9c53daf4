"""The files that hold a day's prices: from the archive, else from AEMO, down the ladder of sources.

For each source of the ladder, best first: the archive, then the network. A source that has no such
file, or sends only gigabytes, gives way to the next, and the reason is kept. A source that fails in
passing, or sends a broken file, does not: the user would get coarser data for ever without knowing.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from nemflow.errors import (
    BrokenFile,
    DownloadError,
    MarketError,
    NotThere,
    RangeNotSupported,
    SettingsError,
)
from nemflow.tasks.nem.archive import Archive, Arrival, Published, PublishedFile, Supply
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.holding import Holding
from nemflow.tasks.nem.market_time import (
    FIVE_MINUTE_SETTLEMENT,
    Month,
    day_bounds,
    month_bounds,
    today,
    utc_now,
)
from nemflow.tasks.nem.published import WrongMarket
from nemflow.tasks.nem.regions import regions_on
from nemflow.tasks.nem.retries import RetryPolicy
from nemflow.tasks.nem.sidecar import Sidecar
from nemflow.tasks.nem.slots import Slot, region_slot, table_slot
from nemflow.tasks.nem.sources import Source, ladder

if TYPE_CHECKING:  # these import requests and pyarrow, which files in the archive do not need
    from nemflow.tasks.nem.answers import Progress
    from nemflow.tasks.nem.download import Client
    from nemflow.tasks.nem.verify import FileFacts

# PRICE_AND_DEMAND grows daily; a day that still lacks after this long is a fault, not a delay.
_REGION_FILES_LATE_AFTER = timedelta(days=7)
# Nine in ten months of MMSDM come within 23 days of their end; the latest took 67.
_TABLE_FILES_LATE_AFTER = timedelta(days=70)


class NotPublishedYet(NotThere):
    """AEMO will publish it, but has not yet."""


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Where files are kept and fetched from, and how.

    Args:
        data_dir: the archive lies in its folder ``archive``.
        lock_dir: on a local disk.
        source: the one source to use; None for the best that has the day.
        allow_large_download: fetch a month bundle of gigabytes whole if there is no other way.
        synthetic: the base URLs serve nemflow's synthetic market.
        connect_timeout_s: longest wait for a connection.
        read_timeout_s: longest silence within a transfer.
        tries: how often a request that fails in passing is made.
        connections: at most so many at a time to one host.
        now: the clock.
    """

    data_dir: Path
    lock_dir: Path
    nemweb_url: str = "https://www.nemweb.com.au"
    aemo_url: str = "https://aemo.com.au"
    source: Source | None = None
    allow_large_download: bool = False
    synthetic: bool = False
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    tries: int = 5
    connections: int = 4
    now: Callable[[], datetime] = utc_now


def fetch_day(
    day: date,
    dataset: Dataset,
    settings: FetchSettings,
    client: "Client | None" = None,
    progress: "Progress | None" = None,
) -> Published:
    """Return the files that hold `day` (D 00:00 to D+1 00:00, NEM time) of a data set.

    Args:
        client: to fetch with; by default one is made when the network is first needed.
        progress: called with the bytes so far and in all, for each file anew.

    Raises:
        NotPublishedYet: AEMO has not published the day yet.
        NotThere: no source has the day.
        RangeNotSupported: the only source forced sends gigabytes, which was not allowed.
        WrongMarket: files of the synthetic market where real ones were wanted, or the reverse.
        DownloadError: a transfer failed for good.
        BrokenFile: what AEMO sent is damaged or not what its name says.
        SettingsError: the source forced does not reach to `day`.
    """
    _refuse_unfinished(day, settings.now())
    sources = _sources(day, dataset, settings.source)
    gaps: list[MarketError] = []
    with _Search(day, dataset, settings, client, progress) as search:
        for source in sources:
            try:
                return Published(day, source, search.files_of(source), _reason(day, dataset, gaps))
            except (NotThere, RangeNotSupported) as gap:
                gaps.append(gap)
            except WrongMarket:
                raise  # no source of the same servers would do
            except (DownloadError, BrokenFile) as error:
                raise type(error)(f"{error}{_way_out(day, dataset, source, error)}") from error
    raise _no_source(day, gaps)


def open_client(settings: FetchSettings) -> "Client":
    """Return a client for `fetch_day`, to be shared by several days; a context manager."""
    from nemflow.tasks.nem.download import Client  # requests is heavy, and often not needed

    return Client(
        (settings.nemweb_url, settings.aemo_url),
        synthetic=settings.synthetic,
        connect_timeout_s=settings.connect_timeout_s,
        read_timeout_s=settings.read_timeout_s,
        retries=RetryPolicy(tries=settings.tries),
        connections=settings.connections,
        now=settings.now,
    )


class _Search:
    """Looks for the files of one day, one source at a time; a context manager."""

    def __init__(
        self,
        day: date,
        dataset: Dataset,
        settings: FetchSettings,
        client: "Client | None",
        progress: "Progress | None",
    ) -> None:
        self._day = day
        self._dataset = dataset
        self._month = Month.of(day)
        self._settings = settings
        self._client = client
        self._progress = progress
        self._exits = ExitStack()
        self._archive = Archive(
            settings.data_dir / "archive", settings.lock_dir, synthetic=settings.synthetic
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def files_of(self, source: Source) -> tuple[PublishedFile, ...]:
        """Return the files of `source` that hold the day."""
        if source is Source.PRICE_AND_DEMAND:
            return tuple(self._region_file(region) for region in regions_on(self._day))
        return (self._table_file(source),)

    def _connected(self) -> "Client":
        if self._client is None:
            self._client = self._exits.enter_context(open_client(self._settings))
        return self._client

    def _obtain(self, slot: Slot, supply: Supply) -> Holding:
        return self._archive.obtain(slot, supply, self._settings.now)

    def _table_file(self, source: Source) -> PublishedFile:
        fetch = self._fetch_table if source is Source.MMSDM else self._fetch_from_bundle
        if self._settings.now() < self._month_end():
            raise NotPublishedYet(self._table_not_yet())
        supply = Supply(lambda known: True, fetch, self._verify_table)
        return self._obtain(table_slot(self._dataset.best_table, self._month), supply).file

    def _fetch_table(self, folder: Path, known: Sidecar | None) -> Arrival | None:
        from nemflow.tasks.nem.month_files import fetch_table  # imports requests

        url, table = self._settings.nemweb_url, self._dataset.best_table
        client, progress = self._connected(), self._progress
        try:
            return fetch_table(client, url, table, self._month, folder, known, progress)
        except NotThere as error:
            if self._settings.now() - self._month_end() < _TABLE_FILES_LATE_AFTER:
                raise NotPublishedYet(f"{self._table_not_yet()}; {error}") from error
            raise

    def _month_end(self) -> datetime:
        return month_bounds(self._month)[1]

    def _table_not_yet(self) -> str:
        return (
            f"{self._dataset.best_table.name} of {self._month} is not published yet: "
            "a month usually follows 1 to 3 weeks after its end"
        )

    def _fetch_from_bundle(self, folder: Path, known: Sidecar | None) -> Arrival:
        from nemflow.tasks.nem.month_files import fetch_from_bundle  # imports requests

        return fetch_from_bundle(
            self._connected(),
            self._settings.nemweb_url,
            self._dataset.best_table,
            self._month,
            folder,
            allow_large_download=self._settings.allow_large_download,
            progress=self._progress,
        )

    def _verify_table(self, path: Path) -> "FileFacts":
        from nemflow.tasks.nem.verify import verify_table_file  # imports pyarrow

        return verify_table_file(path, self._dataset.best_table, self._month)

    def _region_file(self, region: str) -> PublishedFile:
        _, day_end = day_bounds(self._day)

        def fetch(folder: Path, known: Sidecar | None) -> Arrival | None:
            from nemflow.tasks.nem.month_files import fetch_region  # imports requests

            client, url = self._connected(), self._settings.aemo_url
            return fetch_region(client, url, region, self._month, folder, known, self._progress)

        def verify(path: Path) -> "FileFacts":
            from nemflow.tasks.nem.verify import verify_region_file  # imports pyarrow

            return verify_region_file(path, region, self._month)

        supply = Supply(lambda known: known.last_stamp >= day_end, fetch, verify)
        try:
            held = self._obtain(region_slot(region, self._month), supply)
        except NotThere as error:
            if self._settings.now() - day_end < _REGION_FILES_LATE_AFTER:
                raise NotPublishedYet(f"{_not_yet(self._day)}: {error}; try again later") from error
            raise
        if not supply.is_enough(held.sidecar):
            raise self._too_short(held, day_end)
        return held.file

    def _too_short(self, held: Holding, day_end: datetime) -> MarketError:
        end = f"{held.sidecar.last_stamp:%Y-%m-%d %H:%M}"
        if self._settings.now() - day_end < _REGION_FILES_LATE_AFTER:
            return NotPublishedYet(
                f"{_not_yet(self._day)}: {held.file.url} ends at {end} (market time); "
                "a day is usually added in the morning after it"
            )
        return BrokenFile(f"{held.file.url} ends at {end}, though {self._day} is long over")


def _sources(day: date, dataset: Dataset, forced: Source | None) -> tuple[Source, ...]:
    if not regions_on(day):
        raise NotThere(f"there are no prices of {day}: the first are of 1998-12-07")
    sources = tuple(source for source in ladder(day) if source in dataset.tables)
    if not sources:
        raise NotThere(f"AEMO publishes no {dataset.best_table.name} of {day}")
    if forced is None:
        return sources
    if forced not in sources:
        others = " or ".join(f"--source {source}" for source in sources)
        raise SettingsError(f"--source {forced} has nothing of {day}; use {others}")
    return (forced,)


def _refuse_unfinished(day: date, now: datetime) -> None:
    present = today(now)
    if day > present:
        raise NotPublishedYet(f"{_not_yet(day)}: the day lies in the future")
    if day == present:
        raise NotPublishedYet(f"{_not_yet(day)}: the day ends at 24:00 market time (UTC+10)")


def _not_yet(day: date) -> str:
    return f"prices of {day} are not published yet"


def _reason(day: date, dataset: Dataset, gaps: list[MarketError]) -> str:
    if not gaps:
        return ""
    missing = "; ".join(str(gap) for gap in gaps)
    if not isinstance(gaps[-1], NotPublishedYet):
        table = dataset.best_table
        is_finer = _has_half_hours(day) and table.minutes_on(day) == 5
        what = "5-minute prices" if is_finer else table.name
        missing = f"{what} of {Month.of(day)} cannot be had: {missing}"
    return f"{missing}; using PRICE_AND_DEMAND, {_coarse_prices(day)}"


def _way_out(day: date, dataset: Dataset, source: Source, error: MarketError) -> str:
    # What is wrong with a transfer says itself what to do.
    again = "; the next run asks AEMO again" if isinstance(error, BrokenFile) else ""
    if source is Source.PRICE_AND_DEMAND or Source.PRICE_AND_DEMAND not in dataset.tables:
        return again
    return f"{again}; --source {Source.PRICE_AND_DEMAND} takes {_coarse_prices(day)} now"


def _coarse_prices(day: date) -> str:
    if _has_half_hours(day):
        return "30-minute energy prices"
    return "5-minute energy prices in whole cents"


def _has_half_hours(day: date) -> bool:
    return day < FIVE_MINUTE_SETTLEMENT.date()


def _no_source(day: date, gaps: list[MarketError]) -> MarketError:
    """Return the error for a day that no source has: the only one, or all of them."""
    last = gaps[-1]
    if len(gaps) == 1 or isinstance(last, NotPublishedYet):
        return last
    return NotThere(f"prices of {day} cannot be had: {'; '.join(str(gap) for gap in gaps)}")
