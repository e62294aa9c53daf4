"""A year of nem_prices, cold: with one worker and two, beside NEMOSIS, and over a slow line.

The server runs in a process of its own and sends ready-made bytes. NEMOSIS (its cache of the same
months, in Parquet) is pointed at it from outside. The bare script writes the same number of files as
we do, unchecked (`bare_month.py`): in two processes it is the floor of two workers.
"""

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import Measured, memory_of_all, run_once
from ready import Ready, backfill_command, kept_months, ready_server

YEAR, MONTHS = 2019, 12
ROUNDS = 3
WAIT_S, BYTES_PER_S = 0.25, 2e6

NEMOSIS = """
import logging, sys
from nemosis import defaults
url, folder, year = sys.argv[1:]
path = defaults.aemo_mms_url.split("/Data_Archive")[1]
defaults.aemo_mms_url = url + "/Data_Archive" + path
from nemosis import cache_compiler
logging.disable(logging.INFO)
span = f"{year}/01/01 00:05:00", f"{year}/12/31 23:55:00"
cache_compiler(*span, "DISPATCHPRICE", folder, fformat="parquet")
"""


def main() -> None:
    """Measure in turns, and print a table."""
    with ready_server(YEAR, MONTHS) as server:
        makers = {
            "nemflow, 1 worker": lambda: _nemflow(server, "--workers", "1"),
            "nemflow, 2 workers": lambda: _nemflow(server, "--workers", "2"),
            "bare script, 2 processes": _bare,
        }
        if importlib.util.find_spec("nemosis"):
            makers["NEMOSIS"] = lambda: _nemosis(server)
        runs = {name: [] for name in makers}
        for _ in range(ROUNDS):
            for name, make in makers.items():
                runs[name].append(make())
        counted = server.counted()
        year_mb = statistics.median(_memory(server, "12") for _ in range(ROUNDS))
        half_mb = statistics.median(_memory(server, "06") for _ in range(ROUNDS))
    print(f"\nA year, {MONTHS} months, on loopback: best of {ROUNDS}\n")
    print(f"| {'':24} | {'wall s':>7} | {'CPU s':>7} |")
    print(f"|{'-' * 26}|{'-' * 8}:|{'-' * 8}:|")
    best = {name: _best(found) for name, found in runs.items()}
    for name, m in best.items():
        print(f"| {name:24} | {m.wall_s:7.2f} | {m.cpu_s:7.2f} |")
    one, two = best["nemflow, 1 worker"], best["nemflow, 2 workers"]
    bare = best["bare script, 2 processes"]
    print()
    _say("two workers against one, wall", one.wall_s / two.wall_s, 1.6, at_least=True)
    _say("peak memory of all processes of two workers, MB", year_mb, 250)
    _say("memory of a year against half a year", year_mb / half_mb, 1.1)
    print(f"two workers against the bare script, wall: {two.wall_s / bare.wall_s:.2f} (no bar)")
    if "NEMOSIS" in best:
        _say(
            "NEMOSIS against two workers, wall",
            best["NEMOSIS"].wall_s / two.wall_s,
            2.0,
            at_least=True,
        )
        _say(
            "NEMOSIS against two workers, CPU",
            best["NEMOSIS"].cpu_s / two.cpu_s,
            1.0,
            at_least=True,
        )
        print(
            f"NEMOSIS against the bare script, wall: "
            f"{best['NEMOSIS'].wall_s / bare.wall_s:.2f} (no bar: what is to be had at all)"
        )
    _say("connections open at one time", counted.open, 4)
    _slow()


def _slow() -> None:
    with ready_server(YEAR, MONTHS, WAIT_S, BYTES_PER_S) as server:
        found, most = [], 0
        for _ in range(ROUNDS):
            found.append(_nemflow(server, "--workers", "2"))
            counted = server.counted()
            most = max(most, counted.open)
    serial_s = counted.requests * WAIT_S + counted.bytes / BYTES_PER_S
    best = _best(found)
    print(
        f"\nThe same from a server that waits {WAIT_S * 1e3:.0f} ms and sends "
        f"{BYTES_PER_S / 1e6:.0f} MB/s a connection: {counted.requests} requests, "
        f"{counted.bytes / 1e6:.1f} MB, {serial_s:.1f} s one after the other\n"
    )
    _say("wall, s, four connections", best.wall_s, 6.5)
    _say("CPU, s", best.cpu_s, 99)
    _say("connections open at one time", most, 4)


def _nemflow(server: Ready, *words: str) -> Measured:
    with tempfile.TemporaryDirectory() as fresh:
        return run_once(*_command(server, fresh, "12", *words))


def _memory(server: Ready, end: str) -> float:
    with tempfile.TemporaryDirectory() as fresh:
        return memory_of_all(*_command(server, fresh, end, "--workers", "2"))


def _command(server: Ready, folder: str, end: str, *words: str) -> tuple[list[str], dict[str, str]]:
    span = ("--start", f"{YEAR}-01", "--end", f"{YEAR}-{end}")
    command = backfill_command(server.url, folder, *span, *words)
    return command, {**os.environ, "NEMFLOW_STATE_DIR": f"{folder}/state"}


def _bare() -> Measured:
    """Run the bare script for one half of the months and the other at the same time."""
    script = str(Path(__file__).with_name("bare_month.py"))
    months = sorted(str(path) for path in kept_months().glob(f"{YEAR}-*.zip"))[:MONTHS]
    with tempfile.TemporaryDirectory() as fresh:
        begun = time.perf_counter()
        halves = [
            subprocess.Popen([sys.executable, script, f"{fresh}/{half}", *months[half::2]])
            for half in (0, 1)
        ]
        ended = [os.wait4(process.pid, 0) for process in halves]
        wall_s = time.perf_counter() - begun
        for process, (_, status, _) in zip(halves, ended, strict=True):
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == 0
    used = [usage for _, _, usage in ended]
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in used)
    return Measured(wall_s, cpu_s, max(usage.ru_maxrss for usage in used) / 1024)


def _nemosis(server: Ready) -> Measured:
    with tempfile.TemporaryDirectory() as fresh:
        measured = run_once([sys.executable, "-c", NEMOSIS, server.url, fresh, str(YEAR)])
        made = [name for name in os.listdir(fresh) if name.endswith(".parquet")]
        assert len(made) >= MONTHS, made
    return measured


def _best(found: list[Measured]) -> Measured:
    memory = statistics.median(m.peak_mb for m in found)
    return Measured(min(m.wall_s for m in found), min(m.cpu_s for m in found), memory)


def _say(what: str, value: float, bar: float, *, at_least: bool = False) -> None:
    met = value >= bar if at_least else value <= bar
    words = "at least" if at_least else "at most"
    print(f"{what}: {value:.2f} ({words} {bar:g}: {'met' if met else 'MISSED'})")


if __name__ == "__main__":
    main()
