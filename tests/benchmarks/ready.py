"""Start the server of ready-made months in a process of its own, and ask it what it has counted."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Counted(NamedTuple):
    """The most connections open and requests answered at one time; requests and bytes in all."""

    open: int
    answering: int
    requests: int
    bytes: int


class Ready:
    """The server."""

    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
        self._process = process
        self.url = url

    def counted(self) -> Counted:
        """Return what it has counted since it was asked last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Counted(*map(int, self._process.stdout.readline().split()))


def kept_months() -> Path:
    """Return the folder in which the months are kept between benchmarks."""
    folder = Path(tempfile.gettempdir()) / "nemflow-benchmark-months"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def ready_server(
    year: int, months: int, wait_s: float = 0.0, bytes_per_s: float = 1e12
) -> Iterator[Ready]:
    """Serve the first months of a year in the block.

    Args:
        wait_s: how long the server waits before each answer.
        bytes_per_s: how fast it sends, for each connection.
    """
    script = str(Path(__file__).with_name("ready_server.py"))
    words = [str(kept_months()), str(year), str(months), str(wait_s), str(bytes_per_s)]
    process = subprocess.Popen(
        [sys.executable, script, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Ready(process, process.stdout.readline().strip())
    finally:
        process.communicate()


def backfill_command(url: str, data_dir: str, *words: str) -> list[str]:
    """Return the words of a backfill from the server, into an empty folder, into files of days."""
    return [
        *(sys.executable, "-m", "nemflow", "backfill", "--sandbox", "--quiet", "--no-compact"),
        *words,
        *("--nemweb-url", url, "--aemo-url", url, "--data-dir", data_dir),
    ]
