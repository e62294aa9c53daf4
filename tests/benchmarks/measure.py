"""Run commands in fresh processes and measure them: wall time, CPU time, peak memory."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import psutil


class Measured(NamedTuple):
    """One finished process: seconds of wall and CPU time, and peak resident memory in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run_once(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end, with compiled modules kept as any installed program has them.

    Raises:
        RuntimeError: it failed.
    """
    environment = dict(os.environ if environment is None else environment)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}: {said.decode()}")
    return Measured(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def memory_of_all(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Return the most memory that a command and its processes had at one time, in MB.

    Each page that some of them share counts once (PSS). Looked at so often, the command takes longer.
    """
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0
    while process.poll() is None:
        with suppress(psutil.Error):
            whole = psutil.Process(process.pid)
            every = [whole, *whole.children(recursive=True)]
            peak = max(peak, sum(one.memory_full_info().pss for one in every))
        time.sleep(0.02)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}")
    return peak / 2**20


def compare(
    runs: int, floor: Callable[[], Measured], ours: Callable[[], Measured]
) -> tuple[Measured, Measured]:
    """Measure two things in turns, so that a busy moment hits both; return the medians.

    The first turn is thrown away: it fills the caches of the disk and of compiled modules.
    """
    floor(), ours()
    pairs = [(floor(), ours()) for _ in range(runs)]
    return _median([pair[0] for pair in pairs]), _median([pair[1] for pair in pairs])


def _median(measured: list[Measured]) -> Measured:
    return Measured(*(statistics.median(column) for column in zip(*measured, strict=True)))


def print_table(title: str, floor_name: str, floor: Measured, ours: Measured, bars: str) -> None:
    """Print both and their ratios."""
    print(f"\n{title}\n")
    print(f"| {'':28} | {'wall ms':>8} | {'CPU ms':>8} | {'peak MB':>8} |")
    print(f"|{'-' * 30}|{'-' * 9}:|{'-' * 9}:|{'-' * 9}:|")
    for name, m in ((floor_name, floor), ("nemflow", ours)):
        print(f"| {name:28} | {m.wall_s * 1e3:8.0f} | {m.cpu_s * 1e3:8.0f} | {m.peak_mb:8.0f} |")
    ratios = [ours[i] / floor[i] for i in range(3)]
    print(f"| {'ratio':28} | {ratios[0]:8.2f} | {ratios[1]:8.2f} | {ratios[2]:8.2f} |")
    print(f"\nBars: {bars}")
