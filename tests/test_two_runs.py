"""Two ``nemflow run`` at the same moment: nothing is fetched or made twice, both end well."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from nemflow.tasks.nem.sandbox import SandboxServer

TABLE = "PUBLIC_DVD_DISPATCHPRICE_202002010000.zip"
FOLDER = (
    "/Data_Archive/Wholesale_Electricity/MMSDM/2020/MMSDM_2020_02/"
    "MMSDM_Historical_Data_SQLLoader/DATA/"
)
ROWS = {"nem_prices_raw": 2880, "nem_prices_clean": 1440}  # an intervention all day


class Gate:
    """A clock of the server that stands still, requests and all, until both runs are at it.

    They are when one waits for the other, or (as must not be) when both ask the server.
    """

    def __init__(self) -> None:
        self.open = threading.Event()
        self._asking = 0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self._asking += 1
            if self._asking > 1:
                self.open.set()
        assert self.open.wait(60), "no second run came"
        return datetime.now(UTC)

    def listen(self, line: str) -> None:
        """Open when a run says that it waits."""
        if "waiting" in line:
            self.open.set()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def server(gate: Gate) -> Iterator[SandboxServer]:
    with SandboxServer(now=gate.now) as server:
        yield server


def run_at_once(
    server: SandboxServer, gate: Gate, folder: Path, *days: str
) -> tuple[list[list[dict[str, Any]]], str]:
    """Run a process for each day, all at once; return what each has recorded, and all their talk.

    Raises:
        AssertionError: a process did not end with 0.
    """
    urls = ("--nemweb-url", server.url, "--aemo-url", server.url)
    words = ("run", "--sandbox", "--json", "--verbose", "--data-dir", str(folder / "data"), *urls)

    def run(day: str) -> tuple[int, str, list[str]]:
        with subprocess.Popen(
            [sys.executable, "-m", "nemflow", *words, "--date", day],
            env={**os.environ, "NEMFLOW_STATE_DIR": str(folder / "state")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            talk = []
            for line in process.stderr:
                talk.append(line)
                gate.listen(line)
            told = process.stdout.read()
        return process.returncode, told, talk

    with ThreadPoolExecutor(len(days)) as threads:
        ends = list(threads.map(run, days))
    assert [code for code, _, _ in ends] == [0] * len(days), ends
    records = [[json.loads(line) for line in told.splitlines()] for _, told, _ in ends]
    return records, "".join(line for _, _, talk in ends for line in talk)


def times_asked(server: SandboxServer) -> int:
    return sum(request.path == FOLDER + TABLE for request in server.requests)


def leftovers(folder: Path) -> list[Path]:
    return [path for name in (".*", "*.owner", "*.damaged") for path in folder.rglob(name)]


def test_two_runs_of_one_date_do_the_work_once(server, gate, tmp_path):
    records, talk = run_at_once(server, gate, tmp_path, "2020-02-01", "2020-02-01")
    assert times_asked(server) == 1
    assert talk.count("nem_prices_raw_2020-02-01 extract Running") == 1, talk
    for flow, rows in ROWS.items():
        told = [record for one in records for record in one if record["flow"] == flow]
        assert sorted(record["outcome"] for record in told) == ["present", "written"]
        [target] = {record["target"] for record in told}
        assert pq.read_metadata(target).num_rows == rows
    assert leftovers(tmp_path) == []


def test_two_runs_of_two_days_fetch_their_common_file_once(server, gate, tmp_path):
    records, _ = run_at_once(server, gate, tmp_path, "2020-02-02", "2020-02-03")
    assert times_asked(server) == 1
    assert {record["outcome"] for one in records for record in one} == {"written"}
    rows = [pq.read_metadata(record["target"]).num_rows for one in records for record in one]
    assert rows == list(ROWS.values()) * 2
    assert leftovers(tmp_path) == []
