"""What the synthetic market's answers cost, beside the compression of their bytes alone.

The best of three is one for which the days' rows were made before, as for all but the first
interval of a day; zips are made anew each time.
"""

import io
import time
import zipfile
import zlib
from datetime import datetime

from timing import Row, best_in_turns, print_rows

from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox.tree import PublishedTree

NOW = datetime(2026, 2, 18, 10, tzinfo=NEM_TIME)
CURRENT, ARCHIVE = "/Reports/CURRENT/", "/Reports/ARCHIVE/"
INTERVALS = 288
MS_AN_INTERVAL, MS_A_PAGE, MS_A_DAY, MS_A_WEEK = 1.0, 250.0, 250.0, 1_500.0


def main() -> None:
    """Measure single intervals, a page of 4 000 files, an archived day and an archived week."""
    csv = _interval_csv()
    bare, intervals, page, day, week = best_in_turns(
        3,
        lambda: [zlib.compress(csv, 1) for _ in range(INTERVALS)],
        _intervals,
        lambda: _body(f"{CURRENT}TradingIS_Reports/"),
        lambda: _body(f"{ARCHIVE}DispatchIS_Reports/PUBLIC_DISPATCHIS_20260216.zip"),
        lambda: _body(f"{ARCHIVE}TradingIS_Reports/PUBLIC_TRADINGIS_20260201_20260207.zip"),
        clock=time.process_time,
    )
    each, floor = intervals / INTERVALS * 1e3, bare / INTERVALS * 1e3
    rows = [
        Row("CPU ms an interval, of 288 of DispatchIS", floor, each, each, MS_AN_INTERVAL),
        Row("CPU ms a page of 4,033 files", 0, page * 1e3, page * 1e3, MS_A_PAGE),
        Row("CPU ms an archived day of DispatchIS", bare * 1e3, day * 1e3, day * 1e3, MS_A_DAY),
        Row("CPU ms an archived week of TradingIS", 0, week * 1e3, week * 1e3, MS_A_WEEK),
    ]
    print_rows("The synthetic NEMweb, each file made anew", "", "compression", "figure", rows)


def _body(path: str) -> bytes:
    """Return what a server that has made nothing yet answers."""
    page = PublishedTree(lambda: NOW, None, zip64=False).find(path, path)
    assert page is not None
    return page.body


def _names() -> list[str]:
    words = _body(f"{CURRENT}DispatchIS_Reports/").decode().split('"')
    return [word for word in words if word.endswith(".zip")][:INTERVALS]


def _intervals() -> None:
    tree = PublishedTree(lambda: NOW, None, zip64=False)
    for name in _names():
        assert tree.find(name, name) is not None


def _interval_csv() -> bytes:
    with zipfile.ZipFile(io.BytesIO(_body(_names()[0]))) as archive:
        return archive.read(archive.namelist()[0])


if __name__ == "__main__":
    main()
