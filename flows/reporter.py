"""Events: what a flow run tells while it goes on.

``FlowRunner`` calls a ``Reporter``; the command line implements it, tests pass one that keeps a list.
Calls may come from worker threads (``task_progress`` and the Running state), so an implementation
takes its own lock. A reporter must not raise: what it does is talk, not work.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from nemflow.tasks.states import State

_happened: ContextVar[datetime] = ContextVar("nemflow_happened")


def happened_at() -> datetime:
    """Return when that happens which a reporter is just told of, aware: now, unless it is told late."""
    at = _happened.get(None)
    return datetime.now(UTC) if at is None else at


@contextmanager
def telling_of(at: datetime) -> Iterator[None]:
    """Let `happened_at` return this inside the block, for a reporter that is told late."""
    token = _happened.set(at)
    try:
        yield
    finally:
        _happened.reset(token)


class FlowRunInfo(NamedTuple):
    """Who runs: one flow run; ``version`` works out that of the flow, which takes a while."""

    id: str
    name: str
    flow_name: str
    parameters: Mapping[str, object]
    version: Callable[[], str] = str


class TaskRunInfo(NamedTuple):
    """Who runs: one task run of a flow run; ``slug`` is unique in the flow, with the map index."""

    slug: str
    name: str


class Reporter(Protocol):
    """Hears what happens in flow runs."""

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """A flow run begins; ``tasks`` are its tasks in the order of the graph."""

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """A task run has a new state."""

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """A task run tells how far it is."""

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """A flow run has ended; ``task_states`` by slug."""


class Silent:
    """The reporter that says nothing."""

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """Say nothing."""

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """Say nothing."""

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """Say nothing."""

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """Say nothing."""


class Several:
    """Passes everything on to several reporters, in their order."""

    def __init__(self, *reporters: Reporter) -> None:
        self._reporters = reporters

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.flow_run_started(run, tasks)

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.task_run_changed(run, task, state)

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.task_run_progress(run, task, done, total, unit)

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.flow_run_finished(run, state, task_states)
