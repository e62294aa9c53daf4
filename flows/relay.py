"""What flow runs report, kept in the process where they run and told again in another."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from nemflow.flows.reporter import FlowRunInfo, Reporter, TaskRunInfo, happened_at, telling_of
from nemflow.tasks.states import State, without_result


class Told(NamedTuple):
    """One call of a reporter: when, which method, and what it was given."""

    at: datetime
    method: str
    arguments: tuple[Any, ...]


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
        self._keep("flow_run_started", self._light(run), tasks)

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """Keep it."""
        self._keep("task_run_changed", self._light(run), task, _bare(state))

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """Keep it."""
        self._keep("task_run_progress", self._light(run), task, done, total, unit)

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """Keep it."""
        bare = {slug: _bare(end) for slug, end in task_states.items()}
        self._keep("flow_run_finished", self._light(run), _bare(state), bare)

    def _keep(self, method: str, *arguments: object) -> None:
        self.told.append(Told(happened_at(), method, arguments))

    def _light(self, run: FlowRunInfo) -> FlowRunInfo:
        """Return who runs, with a version that is known: to work it out takes the whole flow."""
        if run.flow_name not in self._versions:
            self._versions[run.flow_name] = run.version()
        return run._replace(version=partial(str, self._versions[run.flow_name]))


def tell_again(told: Iterable[Told], reporter: Reporter) -> None:
    """Tell a reporter what a relay has kept; `happened_at` is then when the relay heard it."""
    for one in told:
        with telling_of(one.at):
            getattr(reporter, one.method)(*one.arguments)


def _bare(state: State) -> State:
    """Return a state that says why it is one, but holds no value: that may be a large table."""
    return state if isinstance(state.result, BaseException) else without_result(state)
