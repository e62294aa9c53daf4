"""The children of mapped tasks, told as one: how many have ended, and at the end how.

A map over 10,000 elements is one line on a terminal, not 10,000.
"""

import threading
from collections import Counter
from collections.abc import Mapping

from nemflow.flows.nem.outcome import describe_failure
from nemflow.flows.reporter import FlowRunInfo, Reporter, TaskRunInfo
from nemflow.tasks.states import Cancelled, Failed, Mapped, Running, State, TriggerFailed


class _Children:
    """What is known of the children of one mapped task."""

    def __init__(self, parent: TaskRunInfo, number: int) -> None:
        self.parent = parent
        self.number = number
        self.ends: Counter[str] = Counter()
        self.failure = ""
        self._worst: type[State] = Mapped

    @property
    def ended(self) -> int:
        """How many have ended."""
        return self.ends.total()

    def end(self, child: TaskRunInfo, state: State) -> None:
        """Note the end of a child."""
        self.ends[type(state).__name__] += 1
        if state.is_failed():
            self._worst = Failed
            if not self.failure and not isinstance(state, TriggerFailed):
                self.failure = f"; {child.name}: {describe_failure(state)}"
        elif isinstance(state, Cancelled) and self._worst is not Failed:
            self._worst = Cancelled

    def state(self) -> State:
        """Return the state that stands for all children: Failed where one failed."""
        counts = ", ".join(f"{number:,} {name}" for name, number in self.ends.items())
        return self._worst(f"{counts}{self.failure}")


class ChildrenAsOne:
    """Passes on what a flow run tells, with the children of each mapped task put together.

    A mapped task is Running from when its children begin until the last has ended. Safe for threads.

    Args:
        reporter: hears of it.

    Attributes:
        flow_run_name: the name of the flow run that began last; empty before.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.flow_run_name = ""
        self._reporter = reporter
        self._tasks: frozenset[str] = frozenset()
        self._open: dict[str, _Children] = {}
        self._lock = threading.RLock()

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """Pass it on."""
        with self._lock:
            self.flow_run_name = run.name
            self._tasks = frozenset(task.slug for task in tasks)
            self._open = {}
            self._reporter.flow_run_started(run, tasks)

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """Pass on the state of a task; count that of a child."""
        with self._lock:
            if task.slug not in self._tasks:
                self._child_changed(run, task, state)
                return
            if isinstance(state, Mapped) and state.n_map_states:
                self._open[task.slug] = _Children(task, state.n_map_states)
                state = Running(f"{state.n_map_states:,} children")
            self._reporter.task_run_changed(run, task, state)

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """Pass on how far a task is; a child's own progress is too fine."""
        with self._lock:
            if task.slug in self._tasks:
                self._reporter.task_run_progress(run, task, done, total, unit)

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """Pass it on; children that have not ended will not."""
        with self._lock:
            for slug in list(self._open):
                self._close(run, slug)
            self._reporter.flow_run_finished(run, state, task_states)

    def _child_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        slug = task.slug.rpartition("[")[0]
        children = self._open.get(slug)
        if children is None or not state.is_finished():
            return
        children.end(task, state)
        self._reporter.task_run_progress(
            run, children.parent, children.ended, children.number, "children"
        )
        if children.ended == children.number:
            self._close(run, slug)

    def _close(self, run: FlowRunInfo, slug: str) -> None:
        children = self._open.pop(slug)
        self._reporter.task_run_changed(run, children.parent, children.state())
