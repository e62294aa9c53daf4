"""A month of DISPATCHPRICE, from its zip to 31 verified raw and clean days, beside a bare script.

First the work alone, from a zip on the disk; then the whole command, which also starts, downloads
(from a server on loopback, in a process of its own) and keeps the history.
"""

import os
import sys
import tempfile
from pathlib import Path

from measure import Measured, compare, print_table, run_once
from ready import backfill_command, kept_months, ready_server
from ready_server import data_folder, month_zip

from nemflow.tasks.nem.market_time import Month

MONTH = Month(2019, 1)
ROUNDS = 9
BARS = "CPU at most 1.6, peak memory at most 1.5"


def main() -> None:
    """Measure in turns; say how many bytes each has left."""
    name, body = month_zip(kept_months(), MONTH)
    sizes: dict[str, int] = {}
    title = f"A month: {len(body) / 1e6:.2f} MB of zip to 31 raw and 31 clean days"
    with ready_server(2019, 1) as server, tempfile.TemporaryDirectory() as folder:
        zip_path = Path(folder) / name
        zip_path.write_bytes(body)
        compared = compare(
            ROUNDS,
            lambda: _script("bare_month.py", folder, sizes, str(zip_path)),
            lambda: _script("work_month.py", folder, sizes, str(zip_path), str(MONTH)),
        )
        print_table(f"{title}: the work", "bare script", *compared, BARS)
        source = f"{server.url}{data_folder(MONTH)}{name}"
        compared = compare(
            ROUNDS,
            lambda: _script("bare_month.py", folder, sizes, source),
            lambda: _command(server.url, folder, sizes),
        )
        print_table(f"{title}: the command", "bare script", *compared, "none")
    for who, size in sizes.items():
        print(f"{who}: {size / 1e6:.2f} MB of Parquet")


def _script(script: str, folder: str, sizes: dict[str, int], source: str, *words: str) -> Measured:
    path = str(Path(__file__).with_name(script))
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        measured = run_once([sys.executable, path, fresh, source, *words])
        sizes[script] = _parquet_bytes(fresh)
    return measured


def _command(url: str, folder: str, sizes: dict[str, int]) -> Measured:
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        command = backfill_command(url, fresh, "--start", str(MONTH), "--end", str(MONTH))
        measured = run_once(
            [*command, "--workers", "1"], {**os.environ, "NEMFLOW_STATE_DIR": f"{fresh}/state"}
        )
        sizes["nemflow backfill"] = _parquet_bytes(fresh)
    return measured


def _parquet_bytes(folder: str) -> int:
    found = list(Path(folder).rglob("*.parquet"))
    assert len(found) == 62, found
    return sum(path.stat().st_size for path in found)


if __name__ == "__main__":
    main()
