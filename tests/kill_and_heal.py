"""Kill runs at random moments and see that the next run heals each: ``make crash``.

A run of a day is started against the SYNTHETIC market and killed (SIGKILL) after a random time; then the
same command runs to its end. After each kill every target that is there must be whole; after each
healing run the final bytes must be those of an undisturbed run and nothing else may be left.

    python tests/kill_and_heal.py --kills 200 --seed 1
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from nemflow.tasks.nem.sandbox import SandboxServer

DAY = "2020-02-01"  # a month file, and intervention rows


def command(url: str, data_dir: Path) -> list[str]:
    """Return the command of one run against a sandbox that is already there."""
    return [
        *(sys.executable, "-m", "nemflow", "run", "--sandbox", "--date", DAY, "--quiet"),
        *("--nemweb-url", url, "--aemo-url", url, "--data-dir", str(data_dir)),
    ]


def run(url: str, root: Path, *extra: str) -> float:
    """Run to the end; return the seconds it took."""
    begun = time.perf_counter()
    subprocess.run(
        [*command(url, root / "data"), *extra],
        env=environment(root),
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - begun


def environment(root: Path) -> dict[str, str]:
    """Return an environment whose state folder lies below the root."""
    return {**os.environ, "NEMFLOW_STATE_DIR": str(root / "state")}


def tables(root: Path) -> dict[str, str]:
    """Return a digest of every kept file, by its path; each Parquet file must be readable.

    Of Parquet files the rows count: their metadata tells when they were made.
    """
    found = {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (root / "data").rglob("*.zip")
        if not any(part.startswith(".") for part in path.parts)  # a download under way
    }
    for path in sorted((root / "data").rglob("*.parquet")):
        if not path.name.startswith("."):
            content = pq.read_table(path).to_pylist()
            found[str(path.relative_to(root))] = hashlib.sha256(repr(content).encode()).hexdigest()
    return found


def names(root: Path) -> set[str]:
    """Return every file below the data directory."""
    return {str(path.relative_to(root)) for path in (root / "data").rglob("*") if path.is_file()}


def kill_once(url: str, root: Path, delay_s: float, extra: list[str]) -> bool:
    """Start a run and kill it after a while; tell whether it was still running."""
    process = subprocess.Popen(
        [*command(url, root / "data"), *extra],
        env=environment(root),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(timeout=delay_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def kill_and_heal(url: str, kills: int, seed: int) -> int:
    """Do it until so many runs were really killed; return the number that were started.

    Raises:
        AssertionError: a target was not whole after a kill, or a run did not heal.
    """
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        run(url, Path(folder) / "first")  # the server makes the month once
        took = run(url, whole)
        expected, expected_names = tables(whole), names(whole)
        number = killed = 0
        while killed < kills:
            number += 1
            root = Path(folder) / "killed"
            shutil.rmtree(root, ignore_errors=True)
            forced = number % 4 == 3  # killed while a target that exists is made again
            if forced:
                run(url, root)
            delay_s = rng.uniform(0, took)
            killed += kill_once(url, root, delay_s, ["--force"] if forced else [])
            after_kill = tables(root)
            for path, digest in after_kill.items():
                assert digest == expected[path], (
                    f"kill {number} after {delay_s:.3f} s: {path} differs"
                )
            run(url, root)
            assert tables(root) == expected, f"kill {number} after {delay_s:.3f} s did not heal"
            left = names(root) ^ expected_names
            assert not left, f"kill {number} after {delay_s:.3f} s: left over or missing: {left}"
    return number


def main() -> None:
    """Read the options, run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with SandboxServer() as server:
        runs = kill_and_heal(server.url, options.kills, options.seed)
    print(
        f"{runs} runs, {options.kills} killed while running: every target whole, every run healed, "
        "nothing left over, same prices"
    )


if __name__ == "__main__":
    main()
