"""A backfill that has nothing to do, and one that is only planned, beside ``nemflow --version``."""

import os
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from measure import run_once
from timing import Row, print_rows

from nemflow.flows.nem.places import clean_target, raw_target

ROUNDS = 9
FIRST, LAST = date(1998, 12, 7), date(2026, 10, 31)
HEAVY = ("pyarrow", "pandas", "numpy", "requests", "rich")


def main() -> None:
    """Measure in turns; the best of each is what it takes by itself."""
    with tempfile.TemporaryDirectory() as full, tempfile.TemporaryDirectory() as empty:
        _fill(Path(full))
        version = [sys.executable, "-m", "nemflow", "--version"]
        year = _backfill(full, "--start", "2019", "--end", "2019")
        every = ("--start", "1998", "--end", str(LAST), "--dry-run")
        rows = []
        environment = {**os.environ, "NEMFLOW_STATE_DIR": f"{empty}/state"}
        commands = [version, year, _backfill(full, *every), _backfill(empty, *every)]
        runs = [[run_once(words, environment) for words in commands] for _ in range(ROUNDS)]
        floor, there, planned_full, planned_empty = (
            min(run.wall_s for run in column) for column in zip(*runs, strict=True)
        )
        rows = [
            Row("a year all there, s more than --version", floor, there, there - floor, 0.5),
            Row("28 years, all there, dry run, s", floor, planned_full, planned_full, 2.0),
            Row("28 years, nothing there, dry run, s", floor, planned_empty, planned_empty, 2.0),
        ]
        print_rows("Backfills without work", "", "--version", "judged", rows)
        print(f"Heavy imports of a year all there: {_heavy(year, environment) or 'none'}")


def _backfill(folder: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "nemflow", "backfill", "--data-dir", folder, *words]


def _fill(folder: Path) -> None:
    """Put files that pass for targets there, for every day."""
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        for template in (raw_target("nem_prices"), clean_target("nem_prices")):
            path = folder / template.format(date=day)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"PAR1" + bytes(8) + b"PAR1")


def _heavy(command: list[str], environment: dict[str, str]) -> list[str]:
    """Return which heavy packages a command imports."""
    code = (
        "import sys\nfrom nemflow.cli.app import run_command\n"
        f"code = run_command({command[3:]!r})\nassert code == 0\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(' '.join(found) if found else 0)"
    )
    try:
        run_once([sys.executable, "-c", code], environment)
    except RuntimeError as error:
        return str(error).split(": ")[-1].split()
    return []


if __name__ == "__main__":
    main()
