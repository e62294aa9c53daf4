"""Fixtures of the command line's tests: the command in this process, and as a process of its own."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from nemflow.cli.app import main


class Ended(NamedTuple):
    """What a command left: its exit code and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has just been born: an empty home, no settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NEMFLOW_", "XDG_"))}
    dropped = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONUNBUFFERED")
    return {k: v for k, v in kept.items() if k not in dropped} | {
        "HOME": str(tmp_path / "home"),
        "NEMFLOW_DATA_DIR": str(tmp_path / "data"),
        "NEMFLOW_STATE_DIR": str(tmp_path / "state"),
        "TERM": "dumb",
    }


@pytest.fixture
def nemflow(
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Ended]:
    """Run the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name not in environment]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, **variables: str) -> Ended:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main(words)
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def start(
    environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command as a process; what still runs after the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*words: str, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "nemflow", *words],
            cwd=tmp_path,
            env={**environment, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # a test run in the background would hand down that Ctrl-C is ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def put_targets(tmp_path: Path) -> Callable[..., list[Path]]:
    """Put files that pass for the targets of a day's price flows into the data directory."""

    def put(day: str) -> list[Path]:
        year, month, _ = day.split("-")
        paths = [
            tmp_path / f"data/raw/nem_prices/{year}/nem_prices_raw_{day}.parquet",
            tmp_path / f"data/clean/nem_prices/year={year}/month={month}/nem_prices_{day}.parquet",
        ]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"PAR1" + bytes(8) + b"PAR1")
        return paths

    return put


@pytest.fixture
def in_terminal(environment: dict[str, str], tmp_path: Path) -> Callable[..., str]:
    """Run the command on a terminal of its own, where something may be typed; return what it shows."""

    def run(*words: str, typed: str = "", **variables: str) -> str:
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "nemflow", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment, **variables},
            cwd=tmp_path,
        )
        os.close(slave)
        os.write(master, typed.encode())
        shown = b""
        try:
            while chunk := os.read(master, 65536):
                shown += chunk
        except OSError:  # Linux ends a terminal so
            pass
        os.close(master)
        assert process.wait() == 0
        return shown.decode()

    return run
