"""Kill compactions at random moments while others read: ``make crash`` does it at length.

Months of day files are compacted one after the other by ``nemflow compact``, which is killed (SIGKILL)
after a random time and called again. In processes of their own, nemflow, DuckDB, polars and pandas count
the rows all the while. nemflow must always count right; the others may fail on a file that has gone or
moved, and must count right whenever they count. After each healing call just the months are left that
were compacted so far, and the days of the others.

    python tests/compact_and_read.py --kills 50 --seed 1
"""

import argparse
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nemflow import read_prices
from nemflow.flows.nem.months import write_clean
from nemflow.flows.nem.places import clean_target
from nemflow.flows.nem.provenance import stamp
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import Month, interval_ends
from nemflow.tasks.nem.tidy import clean_schema

GONE = ("No such file", "not found", "NotFound", "cannot find")
MOVED = ("magic", "arquet", "TProtocol")
"""What a library may say of a file that has gone, or moved, between its listing and its opening."""


def months_of(count: int) -> list[Month]:
    """Return so many months."""
    return [Month(2014 + n // 12, n % 12 + 1) for n in range(count)]


def rows_of(count: int) -> int:
    """Return how many rows so many months have."""
    return sum(month.last_day.day for month in months_of(count)) * 48


def put_days(data_dir: Path, count: int) -> None:
    """Write the day files of so many months, one region each."""
    schema = clean_schema(NEM_PRICES)
    for day in (day for month in months_of(count) for day in month.days()):
        ends = interval_ends(day, 30)
        known: dict[str, list[Any]] = {
            "interval_start": [end - timedelta(minutes=30) for end in ends],
            "interval_end": ends,
            "region": ["SA1"] * 48,
            "rrp": [float(day.day)] * 48,
            "resolution_minutes": [30] * 48,
        }
        columns = [pa.array(known.get(f.name, [None] * 48), f.type) for f in schema]
        rows = pa.Table.from_arrays(columns, schema=schema)
        path = data_dir / clean_target("nem_prices").format(date=day)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_clean(stamp(rows, "nem_prices_clean", day, {}), path)


def count_nemflow(data_dir: Path) -> int:
    """Count with nemflow itself."""
    years = {path.name.removeprefix("year=") for path in (data_dir / "clean/nem_prices").iterdir()}
    table = read_prices(
        *(min(years), max(years)),
        columns=["rrp"],
        data_dir=data_dir,
        as_arrow=True,
        missing="ignore",
    )
    return table.num_rows


def count_duckdb(data_dir: Path) -> int:
    """Count with DuckDB."""
    import duckdb

    glob = f"{data_dir}/clean/nem_prices/**/*.parquet"
    [(number,)] = duckdb.sql(f"select count(rrp) from '{glob}'").fetchall()
    return int(number)


def count_polars(data_dir: Path) -> int:
    """Count with polars."""
    import polars as pl

    lazy = pl.scan_parquet(f"{data_dir}/clean/nem_prices/**/*.parquet")
    return int(lazy.select(pl.col("rrp").count()).collect().item())


def count_pandas(data_dir: Path) -> int:
    """Count with pandas."""
    import pandas as pd

    return len(pd.read_parquet(data_dir / "clean" / "nem_prices", columns=["rrp"]))


READERS: dict[str, Callable[[Path], int]] = {
    "nemflow": count_nemflow,
    "duckdb": count_duckdb,
    "polars": count_polars,
    "pandas": count_pandas,
}


def read_on(name: str, data_dir: Path, rows: int, done: Event, told: Any) -> None:
    """Count until *done*; put how often, how often a file had gone, and what was wrong."""
    counts = gone = 0
    wrong: list[str] = []
    parent = multiprocessing.parent_process()
    while not done.is_set() and parent is not None and parent.is_alive():
        try:
            number = READERS[name](data_dir)
        except BaseException as error:  # whatever a library raises; polars' panics are no Exception
            if name != "nemflow" and any(word in str(error) for word in (*GONE, *MOVED)):
                gone += 1
            else:
                wrong.append(repr(error))
            continue
        counts += 1
        if number != rows:
            wrong.append(f"{number} rows of {rows}")
    told.put((name, counts, gone, wrong))


def compact(data_dir: Path, month: Month, kill_after_s: float | None = None) -> bool:
    """Run ``nemflow compact`` for a month; tell whether it was killed.

    Raises:
        CalledProcessError: it failed.
    """
    command = [sys.executable, "-m", "nemflow", "compact", "--quiet", "--data-dir", str(data_dir)]
    command += ["--start", str(month), "--end", str(month)]
    process = subprocess.Popen(
        command, env={**os.environ, "NEMFLOW_STATE_DIR": str(data_dir.parent / "state")}
    )
    try:
        code = process.wait(timeout=kill_after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    if code:
        raise subprocess.CalledProcessError(code, command)
    return False


def check_healed(data_dir: Path, months: list[Month], compacted: int) -> None:
    """Check that just the months compacted so far and the days of the others are there.

    Raises:
        AssertionError: something else is.
    """
    expected = {f"nem_prices_{month}.parquet" for month in months[:compacted]}
    expected |= {
        f"nem_prices_{day}.parquet" for month in months[compacted:] for day in month.days()
    }
    files = [path for path in (data_dir / "clean").rglob("*") if path.is_file()]
    left = {path.name for path in files} ^ expected
    assert not left, f"left over or missing: {sorted(left)}"
    assert sum(pq.read_metadata(path).num_rows for path in files) == rows_of(len(months))
    assert os.listdir(data_dir / "clean") == ["nem_prices"]


def disturb(data_dir: Path, months: list[Month], seed: int) -> tuple[int, int]:
    """Compact each month, killed up to twice; return how many calls were made, and how many killed."""
    rng = random.Random(seed)
    begun = time.perf_counter()
    compact(data_dir, months[0])
    took = time.perf_counter() - begun
    calls = killed = 0
    for number, month in enumerate(months[1:], 2):
        for _ in range(2):  # what heals is killed as well
            calls += 1
            killed += compact(data_dir, month, kill_after_s=rng.uniform(0.3 * took, 1.1 * took))
        compact(data_dir, month)
        check_healed(data_dir, months, number)
    return calls, killed


def kill_and_read(kills: int, seed: int, names: list[str]) -> list[str]:
    """Do it all; return a line on the kills and one on each reader.

    Raises:
        AssertionError: a reader counted wrong, or a call did not heal.
    """
    context = multiprocessing.get_context("spawn")
    done, told = context.Event(), context.Queue()
    count = kills // 2 + 2
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        put_days(data_dir, count)
        facts = (data_dir, rows_of(count), done, told)
        readers = [context.Process(target=read_on, args=(name, *facts)) for name in names]
        for reader in readers:
            reader.start()
        try:
            calls, killed = disturb(data_dir, months_of(count), seed)
        finally:
            done.set()
        results = sorted(told.get(timeout=60) for _ in readers)
        for reader in readers:
            reader.join()
    lines = [f"{calls} compactions, {killed} killed, every one healed"]
    for name, counts, gone, wrong in results:
        assert not wrong, f"{name}: {len(wrong)} wrong, such as {wrong[0]}"
        assert counts, f"{name} never came to count"
        lines.append(f"{name}: counted right {counts} times, failed on a file {gone} times")
    return lines


def main() -> None:
    """Read the options, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--readers", nargs="+", choices=list(READERS), default=list(READERS))
    options = parser.parse_args()
    print("\n".join(kill_and_read(options.kills, options.seed, options.readers)))


if __name__ == "__main__":
    main()
