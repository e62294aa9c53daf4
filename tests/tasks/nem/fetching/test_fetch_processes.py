"""Two processes at once, and one that is killed: real processes, real locks."""

import os
import signal
import subprocess
import sys
import threading
from datetime import date

import pytest

from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.fetch import FetchSettings, fetch_day
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.sandbox.files import price_and_demand_csv
from nemflow.tasks.nem.sources import Source

SCRIPT = """
import logging, sys
from datetime import date
from pathlib import Path
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.fetch import FetchSettings, fetch_day

logging.basicConfig(level=logging.INFO, format="%(message)s")
url, data, locks = sys.argv[1:]
published = fetch_day(date(1999, 1, 3), NEM_PRICES, FetchSettings(Path(data), Path(locks), aemo_url=url))
print(len(published.files))
"""


@pytest.fixture
def held_server(serve, answer, now):
    """Serves PRICE_AND_DEMAND of 1999-01; NSW1 comes by half, the rest when `go` is set."""
    go, asked = threading.Event(), threading.Event()

    class Halting(bytes):
        """Bytes whose second half waits for `go`."""

        def __getitem__(self, key):
            if key.start:
                go.wait(60)
            return super().__getitem__(key)

    def script(line, headers):
        region = line.split(".csv")[0].rpartition("_")[2]
        body = price_and_demand_csv(Month(1999, 1), region, now)
        if region == "NSW1":
            asked.set()
            body = Halting(body)
        return answer(body=body)

    server = serve(script)
    server.go, server.asked = go, asked
    yield server
    go.set()


@pytest.fixture
def start(tmp_path, held_server):
    """Return a function that starts a process which fetches 1999-01-03."""
    running = []

    def start():
        words = [held_server.url, str(tmp_path / "data"), str(tmp_path / "locks")]
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_of_two_processes_one_fetches_and_the_other_waits(start, held_server):
    first = start()
    assert held_server.asked.wait(30)
    second = start()
    told = second.stderr.readline()
    assert told.startswith(f"waiting for process {first.pid} ")
    assert "PRICE_AND_DEMAND-1999-01-NSW1" in told
    held_server.go.set()
    for process in (first, second):
        output, errors = process.communicate(timeout=30)
        assert (process.returncode, output) == (0, "4\n"), errors
    assert sum("_NSW1.csv" in line for line in held_server.lines) == 1
    assert len(held_server.lines) == 4


def test_a_killed_download_leaves_nothing_that_passes_for_a_file(start, held_server, tmp_path):
    process = start()
    assert held_server.asked.wait(30)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    archive = tmp_path / "data" / "archive"
    assert not list(archive.rglob("[!.]*/*.csv"))
    held_server.go.set()
    settings = FetchSettings(
        tmp_path / "data",
        tmp_path / "locks",
        aemo_url=held_server.url,
        source=Source.PRICE_AND_DEMAND,
    )
    assert len(fetch_day(date(1999, 1, 3), NEM_PRICES, settings).files) == 4
    assert list(archive.glob(".*")) == []
    assert len([path for path in archive.rglob("*") if path.is_file()]) == 8
