"""What ``Flow.run`` does around a ``FlowRunner``: its keywords, the schedule, paused tasks."""

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from nemflow.flows.blueprint import Blueprint
from nemflow.flows.executors.base import Executor
from nemflow.flows.pausing import AskAtTerminal, at_a_terminal, resume_some
from nemflow.flows.reporter import Reporter
from nemflow.flows.runner import FlowRunner
from nemflow.flows.settings import RunSettings
from nemflow.tasks.base import Task
from nemflow.tasks.caching import Cache
from nemflow.tasks.options import StateHandler
from nemflow.tasks.states import Paused, State, unwrap

if TYPE_CHECKING:
    from nemflow.flows.schedules.base import Schedule

TaskStates = Mapping[Task, State]
TaskContexts = Mapping[Task, Mapping[str, object]]


class _NotGiven:
    """The type of ``NOT_GIVEN``."""

    def __repr__(self) -> str:
        return "<not given>"


NOT_GIVEN: Any = _NotGiven()


class RunOptions(NamedTuple):
    """How a flow is run; ``Flow.run`` says what each means."""

    executor: Executor | None = None
    reporter: Reporter | None = None
    context: Mapping[str, object] | None = None
    state: State | None = None
    task_states: TaskStates | None = None
    task_contexts: TaskContexts | None = None
    task_runner_state_handlers: Iterable[StateHandler] | None = None
    flow_run_id: str | None = None
    flow_run_name: str | None = None
    force: bool = False
    settings: RunSettings | None = None
    cache: Cache | None = None
    catchup: bool = False
    since: datetime | None = None

    def run_context(self) -> dict[str, object]:
        """Return the keys that the caller gives to every run."""
        named = {"flow_run_id": self.flow_run_id, "flow_run_name": self.flow_run_name}
        given = {key: value for key, value in named.items() if value is not None}
        return {**(self.context or {}), **given}

    def first_states(self) -> dict[Task, State]:
        """Return the states from which the tasks of the first run start."""
        known = None if self.state is None else unwrap(self.state).result
        return {**(known if isinstance(known, Mapping) else {}), **(self.task_states or {})}


def sort_keywords(
    flow: Blueprint, options: Mapping[str, Any], more: Mapping[str, object]
) -> tuple[RunOptions, dict[str, object]]:
    """Return the options and the parameters among the keywords of ``Flow.run``.

    A keyword with the name of one of the flow's parameters is that parameter, as in Prefect Core.
    """
    given = {name: value for name, value in options.items() if value is not NOT_GIVEN}
    names = {parameter.name for parameter in flow.parameters()} if given else set()
    parameters = {name: given.pop(name) for name in given.keys() & names}
    return RunOptions(**given), {**more, **parameters}


def run_flow(
    flow: Blueprint,
    runner: FlowRunner,
    parameters: Mapping[str, object],
    options: RunOptions,
    schedule: "Schedule | None",
) -> State:
    """Run a flow once, or at every event of a schedule.

    Raises:
        ParameterError: unknown or missing parameters.
        DefinitionError: the flow is not valid, or its schedule has no event to come.
    """
    if schedule is None:
        return _run_once(flow, runner, parameters, options.run_context(), options)
    from nemflow.flows.scheduled import run_flow_on_schedule  # few flows have a schedule

    starts = iter([options])  # given states are those of the first run alone
    later = options._replace(state=None, task_states=None)
    return run_flow_on_schedule(
        lambda given, context: _run_once(flow, runner, given, context, next(starts, later)),
        schedule,
        parameters,
        options.run_context(),
        catchup=options.catchup,
        since=options.since,
    )


def _run_once(
    flow: Blueprint,
    runner: FlowRunner,
    parameters: Mapping[str, object],
    context: Mapping[str, object],
    options: RunOptions,
) -> State:
    """Run a flow to its end; where a person is there, ask for the tasks that pause, and go on."""
    run_id = context.get("flow_run_id") or os.urandom(16).hex()
    state, task_states = options.state, options.first_states()
    ask = AskAtTerminal()
    while True:
        state = runner.run(
            state,
            task_states,
            parameters=parameters,
            executor=options.executor,
            reporter=options.reporter,
            context={**context, "flow_run_id": run_id},  # the same after a pause
            task_contexts=options.task_contexts,
            task_runner_state_handlers=options.task_runner_state_handlers,
            force=options.force,
            settings=options.settings,
            cache=options.cache,
            wait=True,
        )
        if not (isinstance(state, Paused) and isinstance(state.result, dict) and at_a_terminal()):
            return state
        going_on = resume_some(state.result, ask)
        if going_on is None:
            return state
        task_states = going_on
