"""Kill compactions at random moments while others read: ``make crash`` does it at length.

Two months of day files are compacted again and again by ``nemflow compact``, which is killed (SIGKILL)
after a random time. In processes of their own, nemflow, DuckDB, polars and pandas count the rows all the
while. nemflow must always count right; the others may say that a file has gone, and must count right
whenever they count. After each healing call just the two months are left, with the right rows.

    python tests/compact_and_read.py --kills 50 --seed 1
"""

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nemflow import read_prices, swap_folders
from nemflow.flows.nem.months import write_clean
from nemflow.flows.nem.places import clean_target
from nemflow.flows.nem.provenance import stamp
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import interval_ends
from nemflow.tasks.nem.tidy import clean_schema

FIRST, LAST = date(2014, 2, 1), date(2014, 3, 31)
DAYS = (LAST - FIRST).days + 1
ROWS = DAYS * 48
MONTHS = ("year=2014/month=02", "year=2014/month=03")
FILES = ["nem_prices_2014-02.parquet", "nem_prices_2014-03.parquet"]
GONE = ("No such file", "not found", "NotFound", "cannot find")
"""What a library may say of a file that was compacted between its listing and its opening."""


def put_days(data_dir: Path) -> None:
    """Write the day files, one region each."""
    schema = clean_schema(NEM_PRICES)
    for day in (FIRST + timedelta(days=n) for n in range(DAYS)):
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
    table = read_prices(FIRST, LAST, columns=["rrp"], data_dir=data_dir, as_arrow=True)
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


def read_on(name: str, data_dir: Path, done: Event, told: Any) -> None:
    """Count until *done*, and put how often, how often a file was gone, and what was wrong."""
    counts = gone = 0
    wrong: list[str] = []
    parent = multiprocessing.parent_process()
    while not done.is_set() and parent is not None and parent.is_alive():
        try:
            number = READERS[name](data_dir)
        except Exception as error:  # whatever a library raises
            if name != "nemflow" and any(word in str(error) for word in GONE):
                gone += 1
            else:
                wrong.append(repr(error))
            continue
        counts += 1
        if number != ROWS:
            wrong.append(f"{number} rows")
    told.put((name, counts, gone, wrong))


def compact(data_dir: Path, kill_after_s: float | None = None) -> bool:
    """Run ``nemflow compact``; tell whether it was killed.

    Raises:
        CalledProcessError: it failed.
    """
    command = [sys.executable, "-m", "nemflow", "compact", "--quiet", "--data-dir", str(data_dir)]
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


def check_healed(data_dir: Path) -> None:
    """Check that just the two months are there, with all their rows.

    Raises:
        AssertionError: they are not.
    """
    files = sorted(path for path in (data_dir / "clean").rglob("*") if path.is_file())
    assert [path.name for path in files] == FILES, f"left: {files}"
    assert sum(pq.read_metadata(path).num_rows for path in files) == ROWS
    assert os.listdir(data_dir / "clean") == ["nem_prices"]


def explode(source: Path, data_dir: Path, grace_s: float) -> None:
    """Put the day files back in place of the months, each in one step."""
    for month in MONTHS:
        copy = data_dir.parent / "copy"
        shutil.copytree(source / "clean/nem_prices" / month, copy)
        swap_folders(copy, data_dir / "clean/nem_prices" / month)
        time.sleep(
            grace_s
        )  # as a compaction does, for readers that have just opened the old folder
        shutil.rmtree(copy)


def disturb(data_dir: Path, source: Path, kills: int, seed: int) -> int:
    """Kill and heal until so many compactions were killed; return how many were started."""
    rng = random.Random(seed)
    begun = time.perf_counter()
    compact(data_dir)
    took = time.perf_counter() - begun
    killed = number = 0
    while killed < kills:
        explode(source, data_dir, grace_s=0.3)
        for _ in range(3):  # also those that heal are killed
            number += 1
            killed += compact(data_dir, kill_after_s=rng.uniform(0.3 * took, 1.1 * took))
        compact(data_dir)
        check_healed(data_dir)
    return number


def kill_and_read(kills: int, seed: int, names: list[str]) -> list[str]:
    """Do it all; return a line on each reader.

    Raises:
        AssertionError: a reader counted wrong, or a call did not heal.
    """
    context = multiprocessing.get_context("spawn")
    done, told = context.Event(), context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        source, data_dir = Path(folder) / "source", Path(folder) / "data"
        put_days(source)
        shutil.copytree(source, data_dir)
        readers = [
            context.Process(target=read_on, args=(name, data_dir, done, told)) for name in names
        ]
        for reader in readers:
            reader.start()
        try:
            number = disturb(data_dir, source, kills, seed)
        finally:
            done.set()
        results = sorted(told.get(timeout=60) for _ in readers)
        for reader in readers:
            reader.join()
    lines = [f"{number} compactions, {kills} or a few more killed, every one healed"]
    for name, counts, gone, wrong in results:
        assert not wrong, f"{name}: {len(wrong)} wrong, such as {wrong[0]}"
        assert counts, f"{name} never came to count"
        lines.append(f"{name}: counted right {counts} times, found a file gone {gone} times")
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
