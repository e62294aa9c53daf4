"""The files that hold a day: from the archive, else from AEMO, down the ladder of sources.

For each rung of the ladder, best first: the archive, then the network. A source that has no such
file, or sends only gigabytes, gives way to the next, and the reason is kept. A source that fails in
passing, or sends a broken file, does not: the user would get coarser data for ever without knowing.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from nemflow.errors import (
    BrokenFile,
    DownloadError,
    MarketError,
    NotThere,
    RangeNotSupported,
)
from nemflow.tasks.nem.archive import Archive
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.fetch_settings import FetchSettings, open_archive, open_client
from nemflow.tasks.nem.market_time import FIVE_MINUTE_SETTLEMENT, NEM_TIME, Month, today
from nemflow.tasks.nem.published import NotPublishedYet, Published, PublishedFile, WrongMarket
from nemflow.tasks.nem.regions import regions_on
from nemflow.tasks.nem.search import Search
from nemflow.tasks.nem.sources import Rung, Shelf, Source, ladder

if TYPE_CHECKING:  # these import requests and pyarrow, which files in the archive do not need
    from nemflow.tasks.nem.answers import Progress
    from nemflow.tasks.nem.download import Client
    from nemflow.tasks.nem.verify import VerifyTable

__all__ = [
    "FetchSettings",
    "NotPublishedYet",
    "fetch_day",
    "fetch_month",
    "open_archive",
    "open_client",
]

_Gap = tuple[Rung, MarketError]


def fetch_day(
    day: date,
    dataset: Dataset,
    settings: FetchSettings,
    client: "Client | None" = None,
    progress: "Progress | None" = None,
    archive: Archive | None = None,
    verify: "VerifyTable | None" = None,
    *,
    renew_since: datetime | None = None,
) -> Published:
    """Return the files that hold `day` (D 00:00 to D+1 00:00, NEM time) of a data set.

    Args:
        client: to fetch with; by default one is made when the network is first needed.
        progress: called with the bytes so far and in all, for each file anew.
        archive: the one of the settings, if the caller has it open already.
        verify: accepts or refuses a file of a table; by default `verify_table_file`.
        renew_since: ask the server whether files of the archive that were fetched before this
            instant have changed; by default what is there is taken.

    Raises:
        NotPublishedYet: AEMO has not published the day yet.
        NotThere: no source has the day.
        RangeNotSupported: the only source forced sends gigabytes, which was not allowed.
        WrongMarket: files of the synthetic market where real ones were wanted, or the reverse.
        DownloadError: a transfer failed for good.
        BrokenFile: what AEMO sent is damaged or not what its name says.
        SettingsError: the source forced does not reach to the day.
    """
    now = settings.now()
    if not regions_on(day):
        raise NotThere(f"there are no prices of {day}: the first are of 1998-12-07")
    rungs = ladder(dataset, day, now, settings.source)
    _refuse_unfinished(day, rungs, now)
    if not rungs:
        raise NotThere(f"AEMO publishes no {dataset.best_table.name} of {day}{_instead(dataset)}")
    gaps: list[_Gap] = []
    with Search(dataset, settings, client, progress, archive, verify, renew_since) as search:
        for rung in rungs:
            try:
                files = search.files_of(rung, day)
            except (NotThere, RangeNotSupported) as gap:
                gaps.append((rung, gap))
            except WrongMarket:
                raise  # no source of the same servers would do
            except (DownloadError, BrokenFile) as error:
                raise type(error)(f"{error}{_way_out(day, rung, rungs, error)}") from error
            else:
                reason = _reason(day, dataset, [g for g in gaps if _is_told(g, now)], rung)
                return Published(day, rung.source, files, reason, rung.quality, rung.shelf)
    raise _no_source(day, rungs, gaps, now)


def fetch_month(
    month: Month,
    dataset: Dataset,
    source: Source,
    settings: FetchSettings,
    client: "Client | None" = None,
    progress: "Progress | None" = None,
    *,
    renew_since: datetime | None = None,
) -> tuple[PublishedFile, ...]:
    """Return what one source of months published of a whole month: a table, or a file a region.

    Of MMSDM and BUNDLE it is one file, of PRICE_AND_DEMAND one for each region there was, in the
    order of `regions_on`. The regions' files of a month that is not over end with yesterday.

    Raises:
        SettingsError: the source has no months, or does not reach to this one.
        MarketError: as for `fetch_day`.
    """
    last = min(month.last_day, _yesterday(settings.now()))
    if not month.first_day <= last:
        raise NotPublishedYet(f"{month} has no day that is over")
    rungs = ladder(dataset, last, settings.now(), source)
    with Search(dataset, settings, client, progress, renew_since=renew_since) as search:
        return search.files_of_month(rungs[0], last)


def _yesterday(now: datetime) -> date:
    return date.fromordinal(today(now).toordinal() - 1)


def _refuse_unfinished(day: date, rungs: Sequence[Rung], now: datetime) -> None:
    present = today(now)
    if day < present:
        return
    why = "only whole days are kept, and this one ends at 24:00 market time (UTC+10)"
    if day > present:
        why = "the day lies in the future"
    usual_at = min((rung.usual_at for rung in rungs), default=None)
    when = "" if usual_at is None else f"; {_usually(usual_at)}"
    raise NotPublishedYet(f"{_not_yet(day)}: {why}{when}", usual_at=usual_at)


def _usually(at: datetime) -> str:
    return f"usually there by {at.astimezone(NEM_TIME):%Y-%m-%d %H:%M} market time"


def _not_yet(day: date) -> str:
    return f"prices of {day} are not published yet"


def _instead(dataset: Dataset) -> str:
    """Return with which day a table's files begin, where that is known, and what to take before."""
    since = dataset.best_table.since
    begin = "" if since is None else f": its files begin with {since}"
    return f"{begin}; take {dataset.instead}" if dataset.instead else begin


def _is_told(gap: _Gap, now: datetime) -> bool:
    """Tell whether a gap is worth a word: of reports only that they are missing, not to come."""
    rung, _ = gap
    return rung.shelf is Shelf.MONTH or now >= rung.usual_at


def _reason(day: date, dataset: Dataset, gaps: Sequence[_Gap], rung: Rung) -> str:
    """Return why no better source was used, in one line."""
    better = {gap.source: error for gap, error in reversed(gaps) if gap.source is not rung.source}
    if not better:
        return ""
    missing = "; ".join(str(error) for error in reversed(better.values()))
    if not any(isinstance(error, NotPublishedYet) for error in better.values()):
        table = dataset.best_table
        is_finer = _has_half_hours(day) and table.minutes_on(day) == 5
        what = "5-minute prices" if is_finer else table.name
        missing = f"{what} of {Month.of(day)} cannot be had: {missing}"
    return f"{missing}; using {_words(day, rung)}"


def _words(day: date, rung: Rung) -> str:
    if rung.source is Source.PRICE_AND_DEMAND:
        return f"PRICE_AND_DEMAND, {_coarse_prices(day)}"
    return f"{rung.source} ({rung.shelf}), {rung.quality}"


def _way_out(day: date, rung: Rung, rungs: Sequence[Rung], error: MarketError) -> str:
    # What is wrong with a transfer says itself what to do.
    again = "; the next run asks AEMO again" if isinstance(error, BrokenFile) else ""
    lower = [other.source for other in rungs if other.source is not rung.source]
    if rung.source is Source.PRICE_AND_DEMAND or Source.PRICE_AND_DEMAND not in lower:
        return again
    return f"{again}; --source {Source.PRICE_AND_DEMAND} takes {_coarse_prices(day)} now"


def _coarse_prices(day: date) -> str:
    if _has_half_hours(day):
        return "30-minute energy prices"
    return "5-minute energy prices in whole cents"


def _has_half_hours(day: date) -> bool:
    return day < FIVE_MINUTE_SETTLEMENT.date()


def _no_source(
    day: date, rungs: Sequence[Rung], gaps: Sequence[_Gap], now: datetime
) -> MarketError:
    """Return the error for a day that no source has: not published yet, or what each said."""
    if any(isinstance(gap, NotPublishedYet) for _, gap in gaps):
        asked = [gap for rung, gap in gaps if now >= rung.opens_at] or [gap for _, gap in gaps]
        said = str(asked[-1])
        if not isinstance(asked[-1], NotPublishedYet):
            said = f"{_not_yet(day)}: {said}"
        usual_at = min(rung.usual_at for rung in rungs)
        overdue = now >= min(rung.overdue_at for rung in rungs)
        late = "; it is overdue" if overdue else ""
        told = f"{said}; {_usually(usual_at)}{late}"
        return NotPublishedYet(told, usual_at=usual_at, overdue=overdue)
    if len(gaps) == 1:
        return gaps[0][1]
    return NotThere(f"prices of {day} cannot be had: {'; '.join(str(gap) for _, gap in gaps)}")
