"""A state folder, small flows, and what the history says of their runs."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.history.writer import FILE, HistoryReporter
from nemflow.flows.parameters import Parameter
from nemflow.tasks.decorator import task

Rows = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def rows(state_dir: Path) -> Rows:
    """Ask the history's file itself."""

    def ask(words: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(state_dir / FILE)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(words)]

    return ask


@pytest.fixture
def wait_until() -> Callable[[str, Callable[[], bool]], None]:
    """Ask until something is so, for as long as a busy machine may take; then fail with the words."""

    def wait(words: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < deadline, f"after a minute it is still not so: {words}"
            threading.Event().wait(0.002)

    return wait


@pytest.fixture
def reporter(state_dir: Path) -> Iterator[HistoryReporter]:
    with HistoryReporter(state_dir, tick_s=0.01) as reporter:
        yield reporter


@pytest.fixture
def double() -> Flow:
    """A flow of one task and one parameter."""

    @task
    def twice(n: int) -> int:
        if n < 0:
            raise ValueError(f"no {n}")
        return 2 * n

    with Flow("double", flow_run_name="double_{n}") as flow:
        twice(Parameter("n"))
    return flow
