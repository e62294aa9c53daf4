"""What a run would ask of AEMO: requests and bytes, from what is here and from usual sizes.

Usual sizes are those of AEMO's listings of 2026-04 and of the files themselves; where the archive has
files of the kind, their mean counts instead.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from nemflow.errors import SettingsError
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.feeds import Grain
from nemflow.tasks.nem.market_time import FIVE_MINUTE_SETTLEMENT, Month, today
from nemflow.tasks.nem.regions import regions_on
from nemflow.tasks.nem.slots import (
    Slot,
    intervals_slot,
    region_slot,
    report_slot,
    table_slot,
)
from nemflow.tasks.nem.sources import REPORT_FEEDS, Rung, Source, ladder

_TABLE_BYTES = {
    "DISPATCHPRICE": 1_800_000,
    "TRADINGPRICE": 140_000,
    "AVERAGEPRICE30": 65_000,
    "DISPATCHREGIONSUM": 4_000_000,
    "ROOFTOP_PV_ACTUAL": 400_000,
}
_REGION_BYTES = {30: 67_000, 5: 390_000}
_REPORT_BYTES = {
    (Source.PUBLIC_PRICES, Grain.TRADING_DAY): 260_000,
    (Source.PUBLIC_PRICES, Grain.MONTH): 8_000_000,
    (Source.DAILY_REPORTS, Grain.TRADING_DAY): 6_200_000,
    (Source.DAILY_REPORTS, Grain.MONTH): 160_000_000,
    (Source.DISPATCHIS, Grain.INTERVAL): 17_000,
    (Source.DISPATCHIS, Grain.DAY): 5_600_000,
    (Source.DISPATCH_REPORTS, Grain.INTERVAL): 12_000,
    (Source.DISPATCH_REPORTS, Grain.DAY): 3_700_000,
    (Source.TRADINGIS, Grain.INTERVAL): 730,
    (Source.TRADINGIS, Grain.WEEK): 1_700_000,
}
_BUNDLE_REQUESTS, _BUNDLE_OVERHEAD = 3, 65_536  # its directory, and where the member begins
_INTERVALS_OF_A_DAY = 288
_REPORTS_REACH = timedelta(days=400)  # no report is kept for longer


@dataclass(frozen=True, slots=True)
class Estimate:
    """What would be asked for.

    Args:
        requests: listings among them.
        size: of what would be downloaded, in bytes.
        files: published files that would be downloaded.
        held: published files that are in the archive already.
        sources: how many days would be taken from each source.
        learned: the size is that of files in the archive, as far as there are any of the kind.
    """

    requests: int
    size: int
    files: int
    held: int
    sources: Counter[Source]
    learned: bool


def estimate(
    dataset: Dataset,
    days: Iterable[date],
    archive: Path,
    now: datetime,
    forced: Source | None = None,
) -> Estimate:
    """Return what would be asked of AEMO for the raw stage of some days.

    Args:
        archive: the root of the archive.
        now: the aware instant that says what is published.
        forced: the one source to use.
    """
    needed: dict[str, tuple[Rung, Slot, date]] = {}
    sources: Counter[Source] = Counter()
    months: dict[Month, Rung] = {}  # long ago one rung is that of all days of a month
    for day in days:
        rung = months.get(Month.of(day))
        if rung is None:
            rung = _open_rung(dataset, day, now, forced)
            if rung is None:
                continue
            if today(now) - day > _REPORTS_REACH:
                months[Month.of(day)] = rung
            for slot in _slots(dataset, rung, day):
                needed.setdefault(slot.key, (rung, slot, day))
        sources[rung.source] += 1
    requests = size = files = held = 0
    listed: set[str] = set()
    sizes = _Sizes(archive)
    for rung, slot, day in needed.values():
        if _is_held(archive, slot):
            held += 1
            continue
        files += 1
        more, bytes_more = _cost(dataset, rung, day, sizes)
        listing = _listing_of(rung, day)
        requests += more + (listing != "" and listing not in listed)
        listed.add(listing)
        size += bytes_more
    return Estimate(requests, size, files, held, sources, sizes.learned)


def _open_rung(dataset: Dataset, day: date, now: datetime, forced: Source | None) -> Rung | None:
    try:
        rungs = ladder(dataset, day, now, forced)
    except SettingsError:  # which the day's own flow run tells
        return None
    return next((rung for rung in rungs if now >= rung.usual_at), None)


def _slots(dataset: Dataset, rung: Rung, day: date) -> list[Slot]:
    month = Month.of(day)
    if rung.source is Source.PRICE_AND_DEMAND:
        return [region_slot(region, month) for region in regions_on(day)]
    if rung.source not in REPORT_FEEDS:
        return [table_slot(dataset.tables[rung.source], month)]
    feed, folder = REPORT_FEEDS[rung.source], rung.folder
    if folder.grain is Grain.INTERVAL:
        return [intervals_slot(feed, day)]
    return [report_slot(feed, folder, span) for span in folder.spans_of(day)]


def _is_held(archive: Path, slot: Slot) -> bool:
    folder = archive / slot.folder
    if slot.names:
        return any((folder / f"{name}.json").exists() for name in slot.names)
    issue_of = slot.issue_of
    return issue_of is not None and any(issue_of(name) is not None for name in _names(folder))


def _listing_of(rung: Rung, day: date) -> str:
    """Return a name for the listing that is asked for first; empty where none is."""
    if rung.source in REPORT_FEEDS:
        return rung.folder.path
    return f"{rung.source} {Month.of(day)}" if rung.source is Source.MMSDM else ""


def _cost(dataset: Dataset, rung: Rung, day: date, sizes: "_Sizes") -> tuple[int, int]:
    """Return the requests and bytes of one slot, its listing left out."""
    if rung.source is Source.PRICE_AND_DEMAND:
        minutes = 30 if day < FIVE_MINUTE_SETTLEMENT.date() else 5
        return 1, _REGION_BYTES[minutes]
    if rung.source not in REPORT_FEEDS:
        size = sizes.of_table(dataset.tables[rung.source].name)
        if rung.source is Source.BUNDLE:
            return _BUNDLE_REQUESTS, size + _BUNDLE_OVERHEAD
        return 1, size
    size = _REPORT_BYTES[rung.source, rung.folder.grain]
    if rung.folder.grain is Grain.INTERVAL:
        return _INTERVALS_OF_A_DAY, size * _INTERVALS_OF_A_DAY
    return 1, size


class _Sizes:
    """The sizes of months of tables: the mean of those in the archive, else usual ones."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._known: dict[str, int] = {}
        self.learned = False

    def of_table(self, name: str) -> int:
        """Return how large a month of a table is."""
        if name not in self._known:
            paths = self._archive.glob(f"MMSDM/*/*/*[_#]{name}[_#]*.zip")
            found = [path.stat().st_size for path in paths]
            self.learned = self.learned or bool(found)
            self._known[name] = (
                sum(found) // len(found) if found else _TABLE_BYTES.get(name, 2_000_000)
            )
        return self._known[name]


def _names(folder: Path) -> Sequence[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return ()
