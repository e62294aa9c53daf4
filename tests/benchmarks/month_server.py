"""Ready-made month files of the synthetic market, served by a process of its own.

So that a benchmark measures its client and not the making of files. By hand::

    python tests/benchmarks/month_server.py FOLDER 2019-01 2019-12 --latency-ms 150

The files are made once and stay in FOLDER, laid out by their paths. The process prints its URL,
serves until its standard input ends, and then prints what it was asked as one line of JSON. In a
script::

    with running(folder, "2019-01", "2019-12", latency_s=0.15) as served:
        ...  # against served.url
    print(served.counts["max_connections"])
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from nemflow.tasks.nem.market_time import NEM_TIME, Month
from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer
from nemflow.tasks.nem.sandbox.files import FIRST_TABLES, published_at, table_file_name
from nemflow.tasks.nem.sandbox.tree import MMSDM, PublishedTree

TABLES = ("DISPATCHPRICE", "TRADINGPRICE")
_LOADER = "MMSDM_Historical_Data_SQLLoader/"


@dataclass
class Served:
    """A running server's URL and, once it has ended, what it was asked (see `counted`)."""

    url: str
    counts: dict[str, int | dict[str, int]] = field(default_factory=dict)


@contextmanager
def running(
    folder: Path,
    first: str,
    last: str,
    *,
    latency_s: float = 0,
    bytes_per_s: int | None = None,
) -> Iterator[Served]:
    """Serve the months from `first` to `last` within the block; see the module."""
    command = [sys.executable, __file__, str(folder), first, last]
    command += ["--latency-ms", str(latency_s * 1000)]
    command += ["--bytes-per-s", str(bytes_per_s)] if bytes_per_s else []
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout is not None
    served = Served(process.stdout.readline().strip())
    try:
        yield served
    finally:
        said, _ = process.communicate("")
        served.counts = json.loads(said or "{}")


def make_months(folder: Path, first: Month, last: Month) -> None:
    """Write the files of the months and the pages of their folders, where they are not there."""
    later = published_at(last) + timedelta(days=1)
    tree = PublishedTree(lambda: later, None, zip64=False)
    month = first
    while month <= last:
        for path in _paths(month):
            file = folder / f"{path.strip('/')}{'/index.html' if path.endswith('/') else ''}"
            page = None if file.exists() else tree.find(path, path)
            if page is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(page.body)
        month = month.next()


def _paths(month: Month) -> list[str]:
    """Return the files of a month and the folders above them."""
    name = f"MMSDM_{month.year}_{month.month:02}"
    year = f"{MMSDM}{month.year}/"
    if month < FIRST_TABLES:
        return [f"{year}{name}.zip"]
    data = f"{year}{name}/{_LOADER}DATA/"
    files = [f"{data}{table_file_name(table, month)}" for table in TABLES]
    return [*files, data, f"{year}{name}/{_LOADER}", f"{year}{name}/"]


def counted(server: SandboxServer) -> dict[str, int | dict[str, int]]:
    """Return how much the server was asked, and how much of it at one time."""
    return {
        "requests": len(server.requests),
        "bytes_sent": sum(request.bytes_sent for request in server.requests),
        "max_concurrent": server.max_concurrent,
        "max_concurrent_by_host": server.max_concurrent_by_host,
        "max_connections": server.max_connections,
    }


def main() -> None:
    """Make what is missing, serve until standard input ends, print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the files lie or are made")
    parser.add_argument("first", type=_month, help="the first month, such as 2019-01")
    parser.add_argument("last", type=_month, help="the last month")
    parser.add_argument("--latency-ms", type=float, default=0, help="wait before each answer")
    parser.add_argument("--bytes-per-s", type=int, help="pace of each answer")
    given = parser.parse_args()
    make_months(given.folder, given.first, given.last)
    faults = []
    if given.latency_ms:
        faults.append(Fault(kind=FaultKind.LATE, delay_s=given.latency_ms / 1000))
    if given.bytes_per_s:
        faults.append(Fault(kind=FaultKind.SLOW, bytes_per_s=given.bytes_per_s))
    with SandboxServer(root=given.folder, synthetic_root=True, faults=faults) as server:
        print(server.url, flush=True)
        sys.stdin.read()
        print(json.dumps(counted(server)), flush=True)


def _month(text: str) -> Month:
    moment = datetime.strptime(text, "%Y-%m").replace(tzinfo=NEM_TIME)
    return Month(moment.year, moment.month)


if __name__ == "__main__":
    main()
