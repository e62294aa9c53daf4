"""How long each command that only reads takes beside ``python -c "import click"``, in CPU time.

Two days of the SYNTHETIC market lie on disk with their runs in the history, a schedule and a flow of
one's own in the store, so that each command has something to say. Each is run once before it is measured,
as compiled modules are kept from one time to the next. The versions of flows are kept by the run that
made the days: the first ``why`` after an upgrade that no such run came before takes longer.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Measured, run_once
from timing import Row, print_rows

ROUNDS = 5
BAR = 4.0
RUN = "nem_prices_raw_2014-01-01"
OWN = """
from nemflow import Flow, Parameter, task


@task
def double(n):
    return 2 * n


with Flow("doubled") as flow:
    double(Parameter("n"))
"""
READING = (
    "history",
    f"show {RUN}",
    f"logs {RUN}",
    "status --sandbox",
    "status --sandbox --check --start 2014-01-01 --end 2014-01-02",
    "status --sandbox --deep --start 2014-01-01 --end 2014-01-31",
    "plan --sandbox --date 2014-01-01",
    "plan --sandbox --date 2014-01",
    "plan --sandbox --start 2014 --end 2016",
    "why nem_prices 2014-01-01 --sandbox",
    "why nem_prices_clean 2014-02-01",
    "clean --sandbox --dry-run",
    "flows",
    "projects",
    "schedule list",
    "schedule next --n 3",
    "agent status",
    "config",
    "cron",
    "completion bash",
    "help exit-codes",
)
PREPARING = (
    "run --sandbox --date 2014-01-01 --date 2014-01-02",
    "schedule add nem_prices --every 1h",
    "register own.py:flow",
)


def best_cpu(
    rounds: int, commands: Sequence[Sequence[str]], environment: dict[str, str]
) -> list[float]:
    """Run each command in turns; return the least CPU time of each, in seconds."""

    def measured(words: Sequence[str]) -> Measured:
        return run_once(words, environment)

    for words in commands:  # fills the caches of the disk and of compiled modules
        measured(words)
    times = [[measured(words).cpu_s for words in commands] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def main() -> None:
    """Measure all of them in turns."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "own.py").write_text(OWN)
        os.chdir(folder)
        environment = {
            **os.environ,
            "NEMFLOW_DATA_DIR": f"{folder}/data",
            "NEMFLOW_STATE_DIR": f"{folder}/state",
        }
        python, nemflow = [sys.executable, "-c", "import click"], [sys.executable, "-m", "nemflow"]
        for words in PREPARING:
            run_once([*nemflow, *words.split()], environment)
        floor, *ours = best_cpu(
            ROUNDS, [python, *([*nemflow, *words.split()] for words in READING)], environment
        )
        rows = [
            Row(words[:40], floor * 1e3, cpu_s * 1e3, cpu_s / floor, BAR)
            for words, cpu_s in zip(READING, ours, strict=True)
        ]
        print_rows("Start of commands that read", "CPU ms", "import click", "ratio", rows)


if __name__ == "__main__":
    main()
