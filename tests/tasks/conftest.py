"""What the tests of tasks share: upstream states by edge, run contexts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge
from nemflow.tasks.states import State
from nemflow.tasks.task_run import RunContext

Upstream = Callable[..., dict[Edge, State]]


@pytest.fixture
def upstream() -> Upstream:
    """Make the upstream states of one task: by position without a key, by name with it."""

    def make(*states: State, **keyed: State) -> dict[Edge, State]:
        below = Task(name="below")
        made = {Edge(Task(name=f"up{n}"), below): state for n, state in enumerate(states)}
        for key, state in keyed.items():
            made[Edge(Task(name=key), below, key=key)] = state
        return made

    return make


@pytest.fixture
def locked(tmp_path: Path) -> RunContext:
    """The context of a flow run that uses locks."""
    return RunContext(lock_dir=tmp_path / "locks")
