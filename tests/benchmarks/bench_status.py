"""``nemflow status`` of 27 years beside ``python -c "import click"``, and beside a status of nothing.

Both stages of every day are there as files of a day each, the most there can be, with two months missing;
the history knows of every run.
"""

import os
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from measure import Measured, compare, run_once
from timing import Row, print_rows

from nemflow.flows.history.schema import open_history, transaction
from nemflow.flows.history.stamps import stamp
from nemflow.flows.nem.places import clean_target, raw_target

FIRST, LAST = date(1998, 12, 7), date(2026, 11, 23)
PARQUET = b"PAR1" + bytes(8) + b"PAR1"
MISSING = {(2003, 5), (2016, 2)}


def days() -> list[date]:
    """Return the days that are there."""
    span = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    return [day for day in span if (day.year, day.month) not in MISSING]


def fill(data: Path) -> None:
    """Put a file for each stage of each day."""
    for place in (raw_target("nem_prices"), clean_target("nem_prices")):
        for day in days():
            path = data / place.format(date=day)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(PARQUET)


def remember(history: Path, data: Path) -> None:
    """Write a run of each stage of each day into the history."""
    connection = open_history(history)
    now = stamp(datetime(2026, 11, 24, tzinfo=UTC))
    columns = [row["name"] for row in connection.execute("PRAGMA table_info(flow_runs)")]
    marks = ", ".join(f":{name}" for name in columns)
    with transaction(connection):
        for stage, place in (
            ("raw", raw_target("nem_prices")),
            ("clean", clean_target("nem_prices")),
        ):
            for day in days():
                known = {
                    "id": f"{stage}-{day}",
                    "name": f"nem_prices_{stage}_{day}",
                    "flow": f"nem_prices_{stage}",
                    "parameters": f'{{"date": "{day}"}}',
                    "state": "Success",
                    "outcome": "written",
                    "started_at": now,
                    "ended_at": now,
                    "duration_s": 1.0,
                    "target": str(data / place.format(date=day)),
                    "rows": 1440,
                    "bytes": len(PARQUET),
                    "synthetic": 0,
                    "made_by": "command",
                    "nemflow_version": "0",
                    "host": "host",
                    "boot_id": "boot",
                    "pid": 1,
                    "process_started": "1",
                    "seen_at": now,
                }
                connection.execute(
                    f"INSERT INTO flow_runs VALUES ({marks})", {**dict.fromkeys(columns), **known}
                )
    connection.close()


def main() -> None:
    """Measure with a history and without."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder, "data"))
        remember(Path(folder, "state", "history.sqlite"), Path(folder, "data"))
        python, nemflow = [sys.executable, "-c", "import click"], [sys.executable, "-m", "nemflow"]
        base = {**os.environ, "NEMFLOW_DATA_DIR": f"{folder}/data"}
        rows = []
        for name, state in (("no history", "none"), ("20,000 runs", "state")):
            environment = {**base, "NEMFLOW_STATE_DIR": f"{folder}/{state}"}

            def bare(environment: dict[str, str] = environment) -> Measured:
                return run_once([*nemflow, "help", "dates"], environment)

            def ours(environment: dict[str, str] = environment) -> Measured:
                return run_once([*nemflow, "status"], environment)

            start, measured = compare(7, bare, ours)
            click, _ = compare(3, lambda: run_once(python), bare)
            more = measured.cpu_s - start.cpu_s
            rows.append(
                Row(f"27 years, {name}: CPU s more", start.cpu_s, measured.cpu_s, more, 0.3)
            )
            more = measured.wall_s - start.wall_s
            rows.append(Row(f"27 years, {name}: s more", start.wall_s, measured.wall_s, more, 0.3))
            ratio = start.wall_s / click.wall_s
            rows.append(Row(f"start-up to click, {name}", click.wall_s, start.wall_s, ratio, 4.0))
        print_rows("Status of 27 years", "s", "start-up|click", "judged", rows)


if __name__ == "__main__":
    main()
