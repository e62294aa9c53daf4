"""Real files of AEMO's, served on loopback under their real addresses."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.fetch import FetchSettings, fetch_day
from nemflow.tasks.nem.sandbox.server import SandboxServer
from nemflow.tasks.nem.sources import Source

DATA_2024_08 = (
    "Data_Archive/Wholesale_Electricity/MMSDM/2024/MMSDM_2024_08/"
    "MMSDM_Historical_Data_SQLLoader/DATA"
)


@pytest.fixture
def server(aemo_files: Path, tmp_path: Path) -> Iterator[SandboxServer]:
    """A server of five real PRICE_AND_DEMAND files and of a real listing with one table."""
    regions = tmp_path / "served/aemo/data/nem/priceanddemand"
    data = tmp_path / "served" / DATA_2024_08
    for folder in (regions, data):
        folder.mkdir(parents=True)
    for file in aemo_files.glob("price_and_demand/*_201501_*.csv"):
        shutil.copy(file, regions)
    shutil.copy(aemo_files / "listings/2026-04-19_20" / DATA_2024_08 / "index.html", data)
    for file in aemo_files.glob("mmsdm_dispatchprice/2024-08/*.zip"):
        shutil.copy(file, data)
    with SandboxServer(root=tmp_path / "served") as server:
        yield server


@pytest.fixture
def fetch(server, tmp_path):
    def fetch(day, source=None):
        folders = (tmp_path / "data", tmp_path / "locks")
        return fetch_day(
            day, NEM_PRICES, FetchSettings(*folders, server.url, server.url, source=source)
        )

    return fetch


def test_real_region_files_are_kept_byte_for_byte(fetch, aemo_files):
    published = fetch(date(2015, 1, 31), Source.PRICE_AND_DEMAND)
    assert len(published.files) == 5
    for file in published.files:
        original = aemo_files / "price_and_demand" / file.path.name
        assert file.path.read_bytes() == original.read_bytes()
        assert (file.complete, file.synthetic) == (True, False)


def test_a_table_that_lacks_rows_is_found_by_the_real_listing_and_refused(fetch, server, tmp_path):
    # The samples hold some days only, and say so by their footer: just what must not pass.
    with pytest.raises(BrokenFile, match="footer counts 44643"):
        fetch(date(2024, 8, 5))
    listing, table = (request.path for request in server.requests)
    assert listing == f"/{DATA_2024_08}/"
    assert table == listing + "PUBLIC_ARCHIVE%23DISPATCHPRICE%23FILE01%23202408010000.zip"
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []
