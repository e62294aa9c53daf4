"""Prices may change: the files that hold them change under the same path, and no others."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME, day_bounds, trading_day_bounds
from nemflow.tasks.nem.sandbox import Revision, SandboxServer
from nemflow.tasks.nem.sandbox.market import day_prices, price
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL, Edition, revised_price

DAY = date(2026, 1, 30)
PRICES = "/Reports/CURRENT/Public_Prices/"
MONTH = (
    "/Data_Archive/Wholesale_Electricity/MMSDM/2026/MMSDM_2026_01/MMSDM_Historical_Data_SQLLoader/"
    "DATA/PUBLIC_ARCHIVE#TRADINGPRICE#FILE01#202601010000.zip"
)
REGION_FILE = "/aemo/data/nem/priceanddemand/PRICE_AND_DEMAND_202601_SA1.csv"


@dataclass
class Clocked:
    """A server, the instant that it takes for now, and what lies at a path."""

    server: SandboxServer
    clock: list[datetime]

    def page(self, path: str) -> Any:
        """Return what is published at `path` at the moment."""
        page = self.server.tree.find(path, path)
        assert page is not None
        return page

    def daily(self, day: date) -> str:
        """Return the path of a trading day's file."""
        names = self.page(PRICES).body.decode().split('"')
        return next(name for name in names if f"_{day:%Y%m%d}0000_" in name)


@pytest.fixture
def at() -> datetime:
    """When the prices of DAY are changed: long after the month was published."""
    return datetime(2026, 2, 16, 11, 30, tzinfo=NEM_TIME)


@pytest.fixture
def clocked(at: datetime) -> Iterator[Clocked]:
    """A server a minute before the change."""
    clock = [at - timedelta(minutes=1)]
    noon = Revision(day=DAY, at=at, regions=("SA1",), intervals=range(143, 144))
    with SandboxServer(now=lambda: clock[0], revisions=[noon]) as server:
        yield Clocked(server, clock)


def _only_member(body: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return archive.read(archive.namelist()[0])


@pytest.mark.parametrize("path", ["daily", MONTH, REGION_FILE])
def test_a_file_with_the_price_is_another_from_then_on(
    clocked: Clocked, at: datetime, path: str
) -> None:
    path = clocked.daily(DAY) if path == "daily" else path
    before = clocked.page(path)
    clocked.clock[0] = at
    after = clocked.page(path)
    assert before.modified < at == after.modified
    old, new = (
        page.body if path.endswith("csv") else _only_member(page.body) for page in (before, after)
    )
    changed = [
        pair for pair in zip(old.splitlines(), new.splitlines(), strict=True) if len(set(pair)) > 1
    ]
    *frame, (was, becomes) = changed
    assert len(frame) == (0 if path.endswith("csv") else 1)
    assert all(b"2026/02/16,11:30:00" in line for _, line in frame)
    assert b"SA1" in becomes
    assert b"2026/01/30 12:00:00" in becomes
    assert was != becomes


def test_files_without_the_price_stay(clocked: Clocked, at: datetime) -> None:
    paths = [clocked.daily(DAY - timedelta(days=1)), clocked.daily(DAY + timedelta(days=1))]
    paths += [REGION_FILE.replace("202601", "202602"), MONTH.replace("2026", "2025")]
    before = [clocked.page(path) for path in paths]
    clocked.clock[0] = at
    assert [clocked.page(path) for path in paths] == before


def test_reports_of_intervals_stay_as_they_were(clocked: Clocked, at: datetime) -> None:
    path = "/Reports/ARCHIVE/DispatchIS_Reports/PUBLIC_DISPATCHIS_20260130.zip"
    before = clocked.page(path)
    clocked.clock[0] = at
    assert clocked.page(path) == before


def test_listings_show_when_a_file_was_written_again(clocked: Clocked, at: datetime) -> None:
    clocked.clock[0] = at
    lines = clocked.page(PRICES).body.decode().split("<br>")
    (line,) = (line for line in lines if f"_{DAY:%Y%m%d}0000_" in line)
    assert "Monday, February 16, 2026 11:30 AM" in line


def test_revisions_can_be_switched_at_any_time(clocked: Clocked, at: datetime) -> None:
    clocked.clock[0] = at
    revised = clocked.page(REGION_FILE)
    clocked.server.revisions = ()
    assert clocked.page(REGION_FILE).body != revised.body
    assert clocked.page(REGION_FILE).modified < revised.modified


def test_later_revisions_change_what_earlier_ones_made(at: datetime) -> None:
    twice = [Revision(day=DAY, at=at + timedelta(hours=n)) for n in (1, 0)]
    edition = Edition.at(at + timedelta(days=1), twice)
    original = day_prices("SA1", DAY)
    assert edition.day_prices("SA1", DAY) == [revised_price(revised_price(p)) for p in original]
    assert edition.changed_at("SA1", DAY)[0] == at + timedelta(hours=1)


def test_an_interval_ends_in_the_trading_day_that_it_belongs_to(at: datetime) -> None:
    last = Edition((Revision(day=DAY, at=at, intervals=range(47, 48)),))  # it ends at 04:00
    first = Edition((Revision(day=DAY, at=at, intervals=range(48, 49)),))
    before, after = trading_day_bounds(DAY - timedelta(days=1)), trading_day_bounds(DAY)
    assert (last.within(*before), last.within(*after)) == (last, ORIGINAL)
    assert (first.within(*before), first.within(*after)) == (ORIGINAL, first)


def test_a_revised_price_is_never_the_old_one() -> None:
    for units in range(-30, 30):
        assert revised_price(units) != units


def test_the_market_itself_does_not_change(clocked: Clocked, at: datetime) -> None:
    end = day_bounds(DAY)[1]
    before = price("SA1", end)
    clocked.clock[0] = at
    clocked.page(REGION_FILE)
    assert price("SA1", end) == before
