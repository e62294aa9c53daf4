"""The faults of the sandbox, for every report feed: what is told, what is kept, and that it heals."""

import itertools
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from nemflow.errors import BrokenFile, DownloadError, NotThere
from nemflow.tasks.nem.datasets import NEM_PRICES, NEM_TRADING_PRICES, Dataset
from nemflow.tasks.nem.feeds import Folder
from nemflow.tasks.nem.sandbox.faults import Fault, FaultKind
from nemflow.tasks.nem.sources import REPORT_FEEDS, Shelf, Source


@dataclass(frozen=True)
class Case:
    """A day of a feed's folder, and words of the path of the file that the fault strikes."""

    name: str
    day: date
    source: Source
    path: str
    dataset: Dataset = NEM_PRICES

    def __str__(self) -> str:
        return self.name

    @property
    def is_archived(self) -> bool:
        return self.name.endswith(("-day", "-week", "-month"))

    @property
    def folder(self) -> Folder:
        feed = REPORT_FEEDS[self.source]
        return feed.archive if self.is_archived else feed.current


RECENT = date(2026, 2, 17)  # the day before the clock's: all of it is in CURRENT
PRICES = Case(
    "public-prices", date(2026, 2, 16), Source.PUBLIC_PRICES, "PUBLIC_PRICES_202602160000_"
)
PRICES_MONTH = Case(
    "public-prices-month", date(2025, 11, 15), Source.PUBLIC_PRICES, "PUBLIC_PRICES_20251101.zip"
)
DAILY = Case("daily", date(2026, 2, 16), Source.DAILY_REPORTS, "PUBLIC_DAILY_202602160000_")
DAILY_MONTH = Case(
    "daily-month", date(2025, 11, 15), Source.DAILY_REPORTS, "PUBLIC_DAILY_20251101.zip"
)
DISPATCH = Case("dispatchis", RECENT, Source.DISPATCHIS, "PUBLIC_DISPATCHIS_202602171200_")
DISPATCH_DAY = Case(
    "dispatchis-day", date(2026, 2, 10), Source.DISPATCHIS, "PUBLIC_DISPATCHIS_20260210.zip"
)
LEGACY = Case("dispatch-reports", RECENT, Source.DISPATCH_REPORTS, "PUBLIC_DISPATCH_202602171200_")
LEGACY_DAY = Case(
    *("dispatch-reports-day", date(2026, 2, 10), Source.DISPATCH_REPORTS),
    "PUBLIC_DISPATCH_20260210.zip",
)
TRADING = Case(
    *("tradingis", RECENT, Source.TRADINGIS, "PUBLIC_TRADINGIS_202602171200_"),
    NEM_TRADING_PRICES,
)
TRADING_WEEK = Case(
    *("tradingis-week", date(2026, 1, 28), Source.TRADINGIS, "PUBLIC_TRADINGIS_20260125_20260131"),
    NEM_TRADING_PRICES,
)
SHELVES = {
    (case.source, shelf): case
    for shelf, cases in {
        Shelf.CURRENT: (PRICES, DAILY, DISPATCH, LEGACY, TRADING),
        Shelf.ARCHIVE: (PRICES_MONTH, DAILY_MONTH, DISPATCH_DAY, LEGACY_DAY, TRADING_WEEK),
    }.items()
    for case in cases
}
ALL = list(SHELVES.values())

TRANSFER_FAULTS = {
    FaultKind.FORBIDDEN: "answered 403 Forbidden (1 try); 403 from AEMO often means slow down",
    FaultKind.TOO_MANY: "answered 429 Too Many Requests (1 try)",
    FaultKind.UNAVAILABLE: "answered 503 Service Unavailable (1 try)",
    FaultKind.HTML_200: "sent a web page in place of the file (1 try)",
    FaultKind.STALLED: "sent nothing for 0.5 s (1 try)",
    FaultKind.RESET: "(1 try); check the network",
    FaultKind.TRUNCATED: "broke off before the end of its answer (1 try)",
    FaultKind.EMPTY_FILE: "sent an empty file (1 try)",
}
CONTENT_FAULTS = {
    FaultKind.BROKEN_ZIP: "",
    FaultKind.WRONG_CRC: "check sum",
    FaultKind.PATH_MEMBER: "evil",
    FaultKind.WRONG_FOOTER: "where its footer counts",
    FaultKind.MISSING_COLUMN: "RRP",
    FaultKind.TEXT_IN_NUMBER: "'n/a'",
}


def cross(cases, faults):
    return [
        pytest.param(case, kind, words, id=f"{case}-{kind}")
        for case in cases
        for kind, words in faults.items()
    ]


@pytest.fixture
def get(fetch):
    def get(case: Case, **changes: Any):
        timeout_s = changes.pop("timeout_s", 60)
        options = {"source": case.source, "tries": 1, "read_timeout_s": timeout_s, **changes}
        return fetch(case.day, case.dataset, **options)

    return get


@pytest.fixture
def archive_names(settings):
    """List the published files kept, sidecars and accounts left out."""

    def names():
        found = (path for path in settings.data_dir.rglob("*") if path.is_file())
        return sorted(path.name for path in found if path.suffix != ".json")

    return names


def test_every_shelf_of_every_feed_is_struck_here():
    assert set(SHELVES) == set(itertools.product(REPORT_FEEDS, (Shelf.CURRENT, Shelf.ARCHIVE)))


@pytest.mark.parametrize(("case", "kind", "words"), cross(ALL, TRANSFER_FAULTS))
def test_a_transfer_that_stays_bad_is_told_and_nothing_of_the_file_is_kept(
    get, sandbox, archive_names, tmp_path, case, kind, words
):
    if kind is FaultKind.STALLED:  # make all files, so that the timeout waits for the fault
        get(case, data_dir=tmp_path / "other")
    sandbox.commit(Fault(kind=kind, path_contains=case.path, after_bytes=500))
    with pytest.raises(DownloadError) as error:
        get(case, timeout_s=0.5 if kind is FaultKind.STALLED else 60)
    said = str(error.value)
    assert words in said
    assert case.path in said
    assert "\n" not in said
    assert not any(case.path in name for name in archive_names())


@pytest.mark.parametrize(("case", "kind", "words"), cross(ALL, CONTENT_FAULTS))
def test_a_broken_report_is_named_and_not_kept(get, sandbox, archive_names, case, kind, words):
    sandbox.commit(Fault(kind=kind, path_contains=case.path))
    with pytest.raises(BrokenFile) as error:
        get(case)
    said = str(error.value)
    assert words in said
    assert "; the next run asks AEMO again" in said
    assert f"(from {sandbox.url}/Reports/" in said
    assert not any(case.path in name for name in archive_names())


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_file_that_is_listed_and_not_there_is_told_and_nothing_is_kept(
    get, sandbox, archive_names, case
):
    sandbox.commit(Fault(kind=FaultKind.NOT_FOUND, path_contains=case.path))
    with pytest.raises(NotThere, match=rf"{case.path}.*404"):
        get(case)
    assert not any(case.path in name for name in archive_names())


@pytest.mark.parametrize("case", ALL, ids=str)
def test_after_a_broken_report_the_next_run_heals(get, sandbox, case):
    sandbox.commit(Fault(kind=FaultKind.WRONG_CRC, path_contains=case.path))
    with pytest.raises(BrokenFile):
        get(case)
    sandbox.commit()
    assert get(case).source is case.source


@pytest.mark.parametrize("understated", [False, True])
def test_a_bomb_in_a_report_is_refused(get, sandbox, archive_names, understated):
    bomb = Fault(
        kind=FaultKind.BOMB,
        path_contains=PRICES.path,
        inflated_bytes=270_000_000,
        understated=understated,
    )
    sandbox.commit(bomb)
    with pytest.raises(BrokenFile, match="announced" if understated else "expected at most"):
        get(PRICES)
    assert not any(PRICES.path in name for name in archive_names())


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_report_cut_short_without_the_length_telling_is_not_kept(get, sandbox, case):
    sandbox.commit(
        Fault(
            kind=FaultKind.TRUNCATED,
            path_contains=case.path,
            after_bytes=500,
            consistent_length=True,
        )
    )
    with pytest.raises(BrokenFile):
        get(case)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_fault_of_a_better_source_never_gives_way_in_silence(get, sandbox, case):
    sandbox.commit(Fault(kind=FaultKind.UNAVAILABLE, path_contains=case.path))
    with pytest.raises(DownloadError, match="answered 503"):
        get(case)
    assert not any("priceanddemand" in path for path in sandbox.paths)


@pytest.mark.parametrize("case", ALL, ids=str)
@pytest.mark.parametrize("kind", [FaultKind.UNAVAILABLE, FaultKind.HTML_200])
def test_without_a_listing_there_is_no_guessing(get, sandbox, case, kind):
    folder = case.folder.path
    sandbox.commit(Fault(kind=kind, path_contains=folder))
    with pytest.raises(DownloadError, match=f"/{folder}"):
        get(case)
    assert set(sandbox.paths) == {f"/{folder}"}


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_file_that_is_not_listed_is_not_there(get, sandbox, case):
    sandbox.commit(Fault(kind=FaultKind.LISTING_HIDES, path_contains=case.path))
    with pytest.raises(NotThere, match=case.folder.path):
        get(case)


@pytest.mark.parametrize("case", [PRICES, DISPATCH], ids=str)
def test_the_source_that_is_taken_for_one_that_is_not_listed_is_told_why(get, sandbox, case):
    sandbox.commit(Fault(kind=FaultKind.LISTING_HIDES, path_contains=case.path))
    published = get(case, source=None)
    assert published.source not in (case.source, Source.MMSDM) or case is DISPATCH
    assert published.reason


@pytest.mark.parametrize("case", [case for case in ALL if not case.is_archived], ids=str)
def test_a_file_that_rolled_away_between_listing_and_fetch_is_not_there(get, sandbox, case):
    sandbox.commit(Fault(kind=FaultKind.ROLLED_AWAY, path_contains=case.path))
    with pytest.raises(NotThere, match=case.path):
        get(case)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_listing_without_dates_and_sizes_is_enough(get, sandbox, case):
    sandbox.commit(Fault(kind=FaultKind.LISTING_BARE))
    assert get(case).source is case.source


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_real_fetch_of_reports_from_the_sandbox_is_refused(get, sandbox, archive_names, case):
    with pytest.raises(DownloadError, match="serves nemflow's SYNTHETIC market; use --sandbox"):
        get(case, synthetic=False)
    assert archive_names() == []
