"""What flow runs report, kept in the process where they run and told again in another."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from nemflow.flows.reporter import FlowRunInfo, Reporter, TaskRunInfo
from nemflow.tasks.states import State, without_result

Told = tuple[str, tuple[Any, ...]]
"""One call of a reporter: the method, and what it was given."""


class Relay:
    """A reporter that keeps what it hears, in a form that travels: states without their values.

    Args:
        versions: of the flows, by name; that of another is worked out here.

    Attributes:
        told: what it heard, in order.
    """

    def __init__(self, versions: Mapping[str, str] | None = None) -> None:
        self.told: list[Told] = []
        self._versions = dict(versions or {})

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """Keep it."""
        self.told.append(("flow_run_started", (self._light(run), tasks)))

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """Keep it."""
        self.told.append(("task_run_changed", (self._light(run), task, _bare(state))))

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """Keep it."""
        self.told.append(("task_run_progress", (self._light(run), task, done, total, unit)))

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """Keep it."""
        bare = {slug: _bare(end) for slug, end in task_states.items()}
        self.told.append(("flow_run_finished", (self._light(run), _bare(state), bare)))

    def _light(self, run: FlowRunInfo) -> FlowRunInfo:
        """Return who runs, with a version that is known: to work it out takes the whole flow."""
        if run.flow_name not in self._versions:
            self._versions[run.flow_name] = run.version()
        return run._replace(version=partial(str, self._versions[run.flow_name]))


def tell_again(told: Iterable[Told], reporter: Reporter) -> None:
    """Tell a reporter what a relay has kept."""
    for method, arguments in told:
        getattr(reporter, method)(*arguments)


def _bare(state: State) -> State:
    """Return a state that says why it is one, but holds no value: that may be a large table."""
    return state if isinstance(state.result, BaseException) else without_result(state)
