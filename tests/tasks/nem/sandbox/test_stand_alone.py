"""The month files of benchmarks, served ready-made by a process of their own."""

import runpy
import time
import urllib.request
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.sandbox.files import table_zip

ROOT = Path(__file__).resolve().parents[4]
DATA = (
    "/Data_Archive/Wholesale_Electricity/MMSDM/2019/MMSDM_2019_02/MMSDM_Historical_Data_SQLLoader/"
    "DATA/"
)
FILE = f"{DATA}PUBLIC_DVD_TRADINGPRICE_201902010000.zip"
LATENCY_S = 0.2


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    """The names of the script."""
    return runpy.run_path(str(ROOT / "tests/benchmarks/month_server.py"), run_name="month_server")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, script: dict[str, Any]) -> Path:
    """A folder with one month."""
    folder = tmp_path_factory.mktemp("months")
    script["make_months"](folder, Month(2019, 2), Month(2019, 2))
    return folder


def test_a_month_lies_ready_under_its_paths(folder: Path) -> None:
    made = {path.name for path in (folder / DATA.strip("/")).iterdir()}
    assert made == {
        "PUBLIC_DVD_DISPATCHPRICE_201902010000.zip",
        "PUBLIC_DVD_TRADINGPRICE_201902010000.zip",
        "index.html",
    }
    _, body = table_zip("TRADINGPRICE", Month(2019, 2))
    assert (folder / FILE.strip("/")).read_bytes() == body


def test_a_process_serves_it_late_and_counts(folder: Path, script: dict[str, Any]) -> None:
    with script["running"](folder, "2019-02", "2019-02", latency_s=LATENCY_S) as served:
        begun = time.monotonic()
        with urllib.request.urlopen(served.url + FILE, timeout=20) as answer:
            assert answer.headers["X-Nemflow-Synthetic"] == "1"
            size = len(answer.read())
        assert time.monotonic() - begun >= LATENCY_S
        connections = [HTTPConnection(urlsplit(served.url).netloc, timeout=20) for _ in range(3)]
        for connection in connections:
            connection.request("GET", FILE)
        for connection in connections:
            assert len(connection.getresponse().read()) == size
            connection.close()
    assert served.counts["requests"] == 4
    assert served.counts["bytes_sent"] == 4 * size
    assert served.counts["max_concurrent"] == 3
    assert served.counts["max_connections"] >= 3
    assert list(served.counts["max_concurrent_by_host"].values()) == [3]
