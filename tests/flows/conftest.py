"""What the tests of flows share: a reporter that keeps a list, settings."""

import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from nemflow.flows.reporter import FlowRunInfo, TaskRunInfo
from nemflow.flows.settings import RunSettings
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import task
from nemflow.tasks.states import State


class Events:
    """A reporter that keeps what it is told, in words."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.runs: list[FlowRunInfo] = []
        self.final_states: dict[str, State] = {}
        self._lock = threading.Lock()

    def _tell(self, words: str) -> None:
        with self._lock:
            self.told.append(words)

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        self.runs.append(run)
        self._tell(f"{run.flow_name} started: {' '.join(task.slug for task in tasks)}")

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        self._tell(f"{task.slug} {type(state).__name__}")

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        self._tell(f"{task.slug} {done}/{total} {unit}")

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        self.final_states = dict(task_states)
        self._tell(f"{run.flow_name} {type(state).__name__}")


@pytest.fixture
def events() -> Events:
    """A reporter that keeps what it is told."""
    return Events()


@pytest.fixture
def settings(tmp_path: Path) -> RunSettings:
    """Settings of a run whose locks lie in an empty folder."""
    return RunSettings(checkpointing=True, lock_dir=tmp_path / "locks")


@pytest.fixture
def count_calls() -> Callable[[Callable[[], object]], int]:
    """Count the calls of functions that some work takes: its cost, the same on every machine."""

    def count(work: Callable[[], object]) -> int:
        calls = 0

        def note(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            work()
        finally:
            sys.setprofile(before)
        return calls

    return count


@pytest.fixture(autouse=True)
def own_state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep runs without settings of their own out of the user's state folder."""
    monkeypatch.setenv("NEMFLOW_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("NEMFLOW_CHECKPOINTING", raising=False)


@pytest.fixture
def fails_once() -> Callable[..., Task]:
    """Make a task whose first attempt fails; the next returns how many there were."""

    def make(**options: Any) -> Task:
        attempts: list[int] = []

        @task(**options)
        def once() -> int:
            attempts.append(1)
            if len(attempts) == 1:
                raise ValueError("not yet")
            return len(attempts)

        return once

    return make
