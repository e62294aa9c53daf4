"""A cold run of one day from a month file on loopback, beside a bare script that does the same bytes."""

import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from measure import Measured, compare, print_table, run_once

DAY, MONTH_FILE = (
    "2019-07-10",
    (
        "/Data_Archive/Wholesale_Electricity/MMSDM/2019/MMSDM_2019_07/"
        "MMSDM_Historical_Data_SQLLoader/DATA/PUBLIC_DVD_DISPATCHPRICE_201907010000.zip"
    ),
)
SERVE = (
    "from nemflow.tasks.nem.sandbox import SandboxServer\n"
    "import sys\n"
    "with SandboxServer() as server:\n"
    "    print(server.url, flush=True)\n"
    "    sys.stdin.read()\n"
)


def main() -> None:
    """Serve one month from a process of its own; measure both against it in turns."""
    serving = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert serving.stdout is not None
    url = serving.stdout.readline().strip()
    try:
        urllib.request.urlopen(url + MONTH_FILE).read()  # the server makes the month once
        with tempfile.TemporaryDirectory() as folder:
            compared = compare(9, lambda: _bare(url, folder), lambda: _nemflow(url, folder))
    finally:
        serving.communicate("")
    bars = "wall at most 2, peak memory at most 1.5"
    print_table("One day, cold, from a month file", "bare script", *compared, bars)


def _bare(url: str, folder: str) -> Measured:
    script = str(Path(__file__).with_name("bare_day.py"))
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        return run_once([sys.executable, script, url + MONTH_FILE, fresh, DAY])


def _nemflow(url: str, folder: str) -> Measured:
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        command = [sys.executable, "-m", "nemflow", "run", "--sandbox", "--date", DAY]
        command += ["--nemweb-url", url, "--aemo-url", url, "--data-dir", fresh]
        return run_once(command, {**os.environ, "NEMFLOW_STATE_DIR": f"{fresh}/state"})


if __name__ == "__main__":
    main()
