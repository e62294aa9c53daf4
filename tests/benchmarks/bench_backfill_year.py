"""A year of nem_prices, cold: with one worker and two, beside NEMOSIS, and over a slow line.

The server runs in a process of its own and sends ready-made bytes. NEMOSIS (its cache of the same
months, in Parquet) is pointed at it from outside.
"""

import importlib.util
import os
import statistics
import sys
import tempfile

from measure import Measured, run_once
from ready import Ready, backfill_command, ready_server

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
            "nemflow, 2 workers, half a year": lambda: _nemflow(server, "--workers", "2", end="06"),
        }
        if importlib.util.find_spec("nemosis"):
            makers["NEMOSIS"] = lambda: _nemosis(server)
        runs = {name: [] for name in makers}
        for _ in range(ROUNDS):
            for name, make in makers.items():
                runs[name].append(make())
        counted = server.counted()
    print(f"\nA year, {MONTHS} months, on loopback: best of {ROUNDS}\n")
    print(f"| {'':34} | {'wall s':>7} | {'CPU s':>7} | {'peak MB':>8} |")
    print(f"|{'-' * 36}|{'-' * 8}:|{'-' * 8}:|{'-' * 9}:|")
    best = {name: _best(found) for name, found in runs.items()}
    for name, m in best.items():
        print(f"| {name:34} | {m.wall_s:7.2f} | {m.cpu_s:7.2f} | {m.peak_mb:8.0f} |")
    one, two = best["nemflow, 1 worker"], best["nemflow, 2 workers"]
    half = best["nemflow, 2 workers, half a year"]
    _say("two workers against one, wall", one.wall_s / two.wall_s, 1.6, at_least=True)
    _say("peak memory, MB", two.peak_mb, 250)
    _say("memory of a year against half a year", two.peak_mb / half.peak_mb, 1.1)
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


def _nemflow(server: Ready, *words: str, end: str = "12") -> Measured:
    with tempfile.TemporaryDirectory() as fresh:
        span = ("--start", f"{YEAR}-01", "--end", f"{YEAR}-{end}")
        command = backfill_command(server.url, fresh, *span, *words)
        return run_once(command, {**os.environ, "NEMFLOW_STATE_DIR": f"{fresh}/state"})


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
