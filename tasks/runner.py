"""TaskRunner: takes a task from a state to the next, through the steps of ``nemflow.tasks.pipeline``.

::

    check_ready → check_start_time → check_upstream_finished → check_upstream_skipped
    → collect_inputs → name_run → check_target → check_trigger → set_running → call_run → check_retry

Each step takes a state and returns one. When a step returns another state than it was given, the
state handlers are called and the new state is told to whoever listens. The logger
``nemflow.TaskRunner`` gets two INFO lines a run, its start and its end, and a DEBUG line for each
change of state.
"""

import logging
from collections.abc import Iterable, Mapping

from nemflow.errors import NemflowError
from nemflow.results.base import Result
from nemflow.tasks import signals
from nemflow.tasks.base import Task
from nemflow.tasks.context import (
    enter_progress,
    enter_scope,
    leave_progress,
    leave_scope,
    run_logger,
)
from nemflow.tasks.edges import Edge
from nemflow.tasks.handlers import HandlerStopped, call_handlers
from nemflow.tasks.options import StateHandler
from nemflow.tasks.pipeline import PARENT_STEPS, STEPS, Steps, steps_for_first
from nemflow.tasks.states import Failed, Looped, Pending, State, unwrap
from nemflow.tasks.task_run import Listener, RunContext, TaskRun

log = run_logger("nemflow.TaskRunner")  # the name by which flows of Prefect Core know it


class TaskRunner:
    """Runs one task.

    Args:
        task: the task.
        state_handlers: called after the task's own handlers.
        flow_result: the result of a task that declares none.
    """

    def __init__(
        self,
        task: Task,
        state_handlers: Iterable[StateHandler] | None = None,
        flow_result: Result | None = None,
    ) -> None:
        self.task = task
        self.state_handlers = tuple(state_handlers or ())
        self.flow_result = flow_result

    def run(
        self,
        state: State | None = None,
        upstream_states: Mapping[Edge, State] | None = None,
        context: Mapping[str, object] | None = None,
    ) -> State:
        """Run the task outside of a flow run.

        Args:
            state: where to start; default Pending.
            upstream_states: the states of the tasks upstream, by edge.
            context: keys for ``nemflow.context`` and templates.

        Returns the state in which the attempt ended; a state that waits (a time in the future, an
        upstream task that is not finished) is returned as it was given.
        """
        values = dict(context or {})
        run_context = RunContext(
            values=values, flow_result=self.flow_result, resume=bool(values.get("resume"))
        )
        return run_task(
            TaskRun(self.task, upstream_states or {}, run_context), state, self.state_handlers
        )


def run_task(
    run: TaskRun,
    state: State | None = None,
    more_handlers: tuple[StateHandler, ...] = (),
    listener: Listener | None = None,
    steps: Steps | None = None,
) -> State:
    """Take one attempt at a task through all steps and return the state in which it ended.

    Args:
        run: the attempt.
        state: where to start; default Pending.
        more_handlers: called after the task's own state handlers.
        listener: hears when the task's own work begins, and of its progress.
        steps: the pipeline; default the steps that have a say in this run.
    """
    handlers = (*run.task.state_handlers, *more_handlers)
    if type(state) is Pending and not state.context:
        steps = steps or steps_for_first(run, handlers)
    else:
        state = unwrap(state)
        run.begin(state)
        steps = steps or STEPS
    scope = enter_scope(run)
    progress = enter_progress(listener.progress) if listener else None
    is_logged = log.isEnabledFor(logging.INFO)
    try:
        if is_logged:
            log.info("Task '%s': Starting task run...", run.full_name)
        is_heard = is_logged or listener is not None or bool(handlers)
        state = _take_steps(steps, run, state, handlers, listener, is_heard)
        while isinstance(state, Looped) and not run.ended:
            run.begin_next_loop(state)
            state = _take_steps(steps, run, Pending(), handlers, listener, is_heard)
        if is_logged:
            _log_end(run, state)
        return state
    finally:
        if run.lock is not None:
            run.lock.release()
        if progress is not None:
            leave_progress(progress)
        leave_scope(scope)


def run_parent(
    run: TaskRun, state: State | None = None, more_handlers: tuple[StateHandler, ...] = ()
) -> State:
    """Take a mapped parent through its steps: it decides how many children there are."""
    return run_task(run, state, more_handlers, steps=PARENT_STEPS)


def _take_steps(
    steps: Steps,
    run: TaskRun,
    state: State,
    handlers: tuple[StateHandler, ...],
    listener: Listener | None,
    is_heard: bool,
) -> State:
    try:
        for step in steps:
            try:
                new_state = step(state, run)
            except signals.ENDRUN as signal:
                new_state = run.end(signal.state)
            except signals.StateSignal as signal:
                new_state = signal.state
            except (
                Exception
            ) as error:  # user code runs here: whatever it raises is the task's failure
                new_state = _failure(error, run)
            if new_state is not state:
                if is_heard:
                    new_state = _change(run, state, new_state, handlers, listener)
                state = new_state
            if run.ended:
                break
    except HandlerStopped as stopped:
        return stopped.state
    return state


def _log_end(run: TaskRun, state: State) -> None:
    why = "" if state.is_successful() or not state.message else f": {state.message}"
    words = "Task '%s': Finished task run for task with final state: '%s'%s"
    log.info(words, run.full_name, type(state).__name__, why)


def _change(
    run: TaskRun,
    state: State,
    new_state: State,
    handlers: tuple[StateHandler, ...],
    listener: Listener | None,
) -> State:
    """Tell all who are to hear of a change of state; return the state that the handlers make of it."""
    if handlers:
        new_state = call_handlers(handlers, run.task, state, new_state)
    log.debug("%s: %r to %r", run.full_name, state, new_state)
    if listener is not None and new_state.is_running():
        listener.state(new_state)
    return new_state


def _failure(error: Exception, run: TaskRun) -> State:
    if run.context.values.get("raise_on_exception"):
        raise error
    log.debug("%s failed", run.full_name, exc_info=error)
    return Failed(_in_words(error), result=error)


def _in_words(error: Exception) -> str:
    """Give an error's own sentence where it has one, its repr where its words alone say little."""
    return str(error) if isinstance(error, (NemflowError, OSError)) else repr(error)
