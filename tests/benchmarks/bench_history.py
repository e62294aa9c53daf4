"""What the history costs: a task run written, log and all, beside a bare insert; runs read among 100,000.

The bare insert is one row with the values of a task run, in a transaction of its own, into a file that
is set up alike (WAL, synchronous=NORMAL).
"""

import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import Measured, compare, run_once
from timing import Row, best_in_turns, print_rows

from nemflow import Flow, HistoryReporter, Parameter, task
from nemflow.flows.history.run_logs import Keeping, RunLogs
from nemflow.flows.history.schema import open_history, transaction
from nemflow.flows.history.stamps import stamp

RUNS = 200
TASKS_OF_A_RUN = 3
KEPT_RUNS = 33_334  # of three tasks each
WORDS = "INSERT INTO task_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
MOMENT = "2014-01-01T00:00:00.000000Z"
TASK = ("s", "name", "Success", "done", None, MOMENT, MOMENT, 1.0, 1, "/a/target", 17, "bytes")


def chain() -> Flow:
    """Return a flow of three tasks."""

    @task
    def step(n: int) -> int:
        return n + 1

    with Flow("chain", flow_run_name="chain_{n}") as flow:
        step(step(step(Parameter("n"))))
    return flow


def insert_bare(folder: Path) -> None:
    """Write as many task runs as the flow runs have, each in a transaction of its own."""
    connection = open_history(folder / "bare.sqlite")
    for _ in range(RUNS * TASKS_OF_A_RUN):
        with transaction(connection):
            connection.execute(WORDS, (os.urandom(16).hex(), *TASK))
    connection.close()


def run_chain(flow: Flow, folder: Path | None) -> None:
    """Run the flow, with a history or without."""
    if folder is None:
        for n in range(RUNS):
            flow.run(n=n)
        return
    logs = RunLogs(folder, UTC, Keeping())
    with HistoryReporter(folder, logs=logs) as history:
        for n in range(RUNS):
            flow.run(n=n, reporter=history)


def measure_writing(folder: Path) -> None:
    """Print what a task run costs in the history."""
    flow, number = chain(), RUNS * TASKS_OF_A_RUN
    bare, without, with_it = best_in_turns(
        5,
        lambda: insert_bare(folder),
        lambda: run_chain(flow, None),
        lambda: run_chain(flow, folder),
    )
    insert_ms, cost_ms = bare / number * 1e3, (with_it - without) / number * 1e3
    rows = [
        Row("a task run, ms, beside a bare insert", insert_ms, cost_ms, cost_ms, 1.0),
        Row("a task run, ratio to a bare insert", insert_ms, cost_ms, cost_ms / insert_ms, 10.0),
    ]
    print_rows("The history, written", "ms", "bare insert", "judged", rows)


def fill(path: Path) -> None:
    """Make a history of 100,000 task runs."""
    connection = open_history(path)
    start = datetime(2020, 1, 1, tzinfo=UTC)
    columns = [row["name"] for row in connection.execute("PRAGMA table_info(flow_runs)")]
    marks = ", ".join(f":{name}" for name in columns)
    with transaction(connection):
        for n in range(KEPT_RUNS):
            begun, run_id = start + timedelta(minutes=5 * n), f"{n:032x}"
            known = {
                "id": run_id,
                "name": f"raw_{begun:%Y-%m-%d_%H%M}",
                "flow": "raw",
                "parameters": '{"date": "2014-01-01"}',
                "state": "Failed" if n % 100 == 0 else "Success",
                "started_at": stamp(begun),
                "ended_at": stamp(begun),
                "duration_s": 1.0,
                "synthetic": 0,
                "made_by": "command",
                "command": '["run", "raw", "--date", "2014-01-01"]',
                "folder": "/",
                "nemflow_version": "0",
                "host": "host",
                "boot_id": "boot",
                "pid": 1,
                "process_started": "1",
                "seen_at": stamp(begun),
            }
            connection.execute(
                f"INSERT INTO flow_runs VALUES ({marks})", {**dict.fromkeys(columns), **known}
            )
            for name in ("extract", "transform", "load"):
                connection.execute(WORDS, (run_id, f"{name}-1", name, *TASK[2:]))
                changes = [
                    (run_id, f"{name}-1", stamp(begun), s, None) for s in ("Running", "Success")
                ]
                connection.executemany("INSERT INTO state_changes VALUES (?, ?, ?, ?, ?)", changes)
    connection.close()


def measure_reading(folder: Path) -> None:
    """Print how long commands take that read a history of 100,000 task runs."""
    environment = {**os.environ, "NEMFLOW_STATE_DIR": str(folder / "state")}
    fill(folder / "state" / "history.sqlite")
    name = f"raw_{datetime(2020, 1, 1) + timedelta(minutes=5 * (KEPT_RUNS - 1)):%Y-%m-%d_%H%M}"
    python, nemflow = [sys.executable, "-c", "import click"], [sys.executable, "-m", "nemflow"]

    def floor() -> Measured:
        return run_once(python)

    def bare() -> Measured:
        return run_once([*nemflow, "help", "dates"], environment)

    rows = []
    for words in (
        ["history"],
        ["history", "--state", "failed", "--since", "3650d"],
        ["show", name],
    ):

        def read(words: list[str] = words) -> Measured:
            return run_once([*nemflow, *words], environment)

        (start, ours), (click, again) = compare(9, bare, read), compare(9, floor, read)
        more, ratio = ours.wall_s - start.wall_s, again.wall_s / click.wall_s
        said = " ".join(words[:3])
        rows.append(Row(f"{said}, more than start-up", start.wall_s, ours.wall_s, more, 0.3))
        rows.append(Row(f"{said}, ratio to click", click.wall_s, again.wall_s, ratio, 4.0))
    print_rows("100,000 task runs, read", "s", "floor", "judged", rows)


def main() -> None:
    """Measure both."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NEMFLOW_STATE_DIR"] = f"{folder}/locks"
        measure_writing(Path(folder))
        measure_reading(Path(folder))


if __name__ == "__main__":
    main()
