"""FlowRunner: takes a flow run from its parameters to its final state.

1. the parameters are resolved, the run gets its id, its name and the keys of its context;
2. the goal: if its target is there, no task runs; if not, the run holds the target's lock;
3. ``FlowRun`` drives the tasks on an executor;
4. ``outcome.decide`` makes the flow's state of theirs.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping

from nemflow.errors import NemflowError
from nemflow.flows.blueprint import Blueprint
from nemflow.flows.collector import slower_for
from nemflow.flows.executors.base import Executor
from nemflow.flows.executors.local import LocalExecutor
from nemflow.flows.flow_run import FlowRun, Start
from nemflow.flows.goal import place_goal
from nemflow.flows.naming import inherited, run_values
from nemflow.flows.outcome import decide, with_children
from nemflow.flows.parameters import resolve_parameters
from nemflow.flows.reporter import FlowRunInfo, Reporter, Silent, TaskRunInfo
from nemflow.flows.settings import RunSettings
from nemflow.results.base import Result
from nemflow.tasks.base import Task
from nemflow.tasks.caching import Cache
from nemflow.tasks.context import (
    current_scope,
    enter_scope,
    leave_scope,
    run_logger,
)
from nemflow.tasks.handlers import HandlerStopped, call_handlers
from nemflow.tasks.options import StateHandler
from nemflow.tasks.states import (
    Cached,
    Cancelled,
    Failed,
    Pending,
    Running,
    Scheduled,
    Skipped,
    State,
    Success,
    unwrap,
)
from nemflow.tasks.targets import find_target, take_lock
from nemflow.tasks.task_run import RunContext, now_utc

log = run_logger("nemflow.FlowRunner")  # the name by which flows of Prefect Core know it


class CancelRun(BaseException):
    """Ends the flow run of the thread in which it is raised as Cancelled; only that run."""


class FlowRunner:
    """Runs one flow.

    Args:
        flow: the flow.
        state_handlers: called after the flow's own handlers.
    """

    def __init__(
        self, flow: Blueprint, state_handlers: Iterable[StateHandler] | None = None
    ) -> None:
        self.flow = flow
        self.handlers = (*flow.state_handlers, *(state_handlers or ()))

    def run(
        self,
        state: State | None = None,
        task_states: Mapping[Task, State] | None = None,
        return_tasks: Iterable[Task] | None = None,
        parameters: Mapping[str, object] | None = None,
        task_runner_state_handlers: Iterable[StateHandler] | None = None,
        executor: Executor | None = None,
        context: Mapping[str, object] | None = None,
        task_contexts: Mapping[Task, Mapping[str, object]] | None = None,
        *,
        reporter: Reporter | None = None,
        force: bool = False,
        settings: RunSettings | None = None,
        cache: Cache | None = None,
        wait: bool = False,
    ) -> State:
        """Run the flow; ``Flow.run`` says what the arguments mean.

        Args:
            state: where the flow run starts; a finished one, or one for later, is returned as it is.
            return_tasks: the tasks whose states are in the returned state; default all. One that is
                not in the flow makes a Failed state.
            wait: wait for retries; otherwise the run ends Running with tasks Retrying.

        Raises:
            ParameterError: unknown or missing parameters.
            DefinitionError: the flow is not valid.
        """
        state = unwrap(state)
        run_context, info = self._prepare(parameters or {}, context or {}, force, settings)
        run_context.cache = cache or self.flow.cache
        if state.is_finished() or _is_for_later(state, run_context):
            return state
        tell = reporter or Silent()
        tell.flow_run_started(info, self._infos() if reporter else ())
        token = enter_scope(run_context.scope)
        try:
            log.info("Beginning Flow run for '%s'", info.name)
            for task in return_tasks or ():
                self.flow.graph.edges_to(task)  # raises where it is not in the flow
            handlers = tuple(task_runner_state_handlers or ())
            start = Start(task_states or {}, task_contexts or {}, handlers, wait)
            final = self._run(state, run_context, info, reporter, executor, start)
            log.info("Flow run %s: %s", type(final).__name__.upper(), final.message)
        except Exception as error:  # the runner's own failure is a failed run, not a crash
            log.debug("flow run %s failed", info.name, exc_info=True)
            log.info("Flow run FAILED: %s", error)
            words = str(error) if isinstance(error, NemflowError) else repr(error)
            final = Failed(words, result=error)
            if run_context.values.get("raise_on_exception"):
                tell.flow_run_finished(info, final, {})
                raise
        except CancelRun as request:
            final = Cancelled(str(request))
        except BaseException:
            tell.flow_run_finished(info, Cancelled("the flow run was interrupted"), {})
            raise
        finally:
            leave_scope(token)
        tell.flow_run_finished(info, final, self._states_by_slug(final) if reporter else {})
        if return_tasks is not None and isinstance(final.result, dict):
            final.result = {task: final.result[task] for task in return_tasks}
        return final

    def _infos(self) -> tuple[TaskRunInfo, ...]:
        return tuple(TaskRunInfo(slug, task.name) for task, slug in self._slugs())

    def _slugs(self) -> Iterator[tuple[Task, str]]:
        return ((task, self.flow.slugs[task]) for task in self.flow.graph.sorted_tasks())

    def _states_by_slug(self, final: State) -> dict[str, State]:
        states = final.result
        if not isinstance(states, dict):
            return {}
        return {self.flow.slugs[task]: state for task, state in states.items()}

    def _prepare(
        self,
        parameters: Mapping[str, object],
        context: Mapping[str, object],
        force: bool,
        settings: RunSettings | None,
    ) -> tuple[RunContext, FlowRunInfo]:
        flow = self.flow
        flow.validate()
        known = {parameter.name: parameter for parameter in flow.parameters()}
        given: Mapping[str, object] = context.get("parameters") or {}  # type: ignore[assignment]  # what users say
        in_context = {name: given[name] for name in known if name in given}
        resolved = resolve_parameters(known, {**in_context, **parameters}, flow.name)
        chosen = settings or RunSettings.from_environment()
        around = current_scope()
        user_values = {**(inherited(around.flatten()) if around else {}), **context}
        run_id = str(user_values.get("flow_run_id") or os.urandom(16).hex())
        values = run_values(flow, resolved, user_values, run_id, now_utc())
        run_context = RunContext(
            values=values,
            parameters=resolved,
            checkpointing=chosen.checkpointing,
            force=force,
            lock_dir=chosen.lock_dir,
            wait_for_locks=chosen.wait_for_locks,
            flow_result=flow.result,
            resume=bool(user_values.get("resume")),
        )
        name = str(values["flow_run_name"])
        return run_context, FlowRunInfo(run_id, name, flow.name, resolved, lambda: flow.version)

    def _run(
        self,
        state: State,
        context: RunContext,
        info: FlowRunInfo,
        reporter: Reporter | None,
        executor: Executor | None,
        start: Start,
    ) -> State:
        try:
            running = call_handlers(
                self.handlers, self.flow, state, Running("the flow run started")
            )
        except HandlerStopped as stopped:
            return stopped.state
        if not running.is_running():  # a handler put another state in its place
            return running
        where = executor or self.flow.executor or LocalExecutor()

        def drive() -> State:
            with where.start(), slower_for(len(self.flow.graph)):
                run = FlowRun(self.flow, context, info, reporter, where, start)
                return self._drive(running, run)

        if self.flow.goal is None:
            return drive()
        with self._hold_goal(self.flow.goal, context) as found:
            if found is not None:
                return self._finish(running, *self._goal_is_there(found, info, reporter))
            return drive()

    def _drive(self, running: State, run: FlowRun) -> State:
        try:
            run.drive()
        except BaseException:
            run.cancel()
            raise
        states = run.by_task()
        return self._finish(running, decide(self.flow, states), states)

    @contextlib.contextmanager
    def _hold_goal(self, goal: Task, context: RunContext) -> Iterator[Result | None]:
        """Give what lies at the goal's target; where nothing does, hold its lock for the block."""
        placed = place_goal(self.flow, goal, context)
        found = find_target(placed, context)
        if found is not None:
            yield found
            return
        lock = take_lock(placed, context)
        if lock is None:
            yield None
            return
        try:
            context.claimed = frozenset([str(placed.lock_name(str(placed.location)))])
            yield find_target(placed, context, held=True)
        finally:
            lock.release()

    def _goal_is_there(
        self, found: Result, info: FlowRunInfo, reporter: Reporter | None
    ) -> tuple[State, dict[Task, State]]:
        flow = self.flow
        assert flow.goal is not None
        message = f"{found.location} was there"
        states: dict[Task, State] = {
            task: Skipped(f"not needed: {message}") for task in flow.graph.sorted_tasks()
        }
        states[flow.goal] = Cached(message, result=found)
        if reporter is not None:
            for task, slug in self._slugs():
                reporter.task_run_changed(info, TaskRunInfo(slug, task.name), states[task])
        return Success(message), states

    def _finish(self, running: State, final: State, states: dict[Task, State]) -> State:
        final.result = states
        handler = self.flow.terminal_state_handler
        if handler is not None and final.is_finished():
            references = set(with_children(states[task] for task in self.flow.reference_tasks()))
            final = _with_states(handler(self.flow, final, references) or final, states)
        try:
            final = call_handlers(self.handlers, self.flow, running, final)
        except HandlerStopped as stopped:
            final = stopped.state
        return _with_states(final, states)


def _with_states(final: State, states: dict[Task, State]) -> State:
    """Give the states of the tasks to a state that a handler put in place without a result."""
    if final.result is None:
        final.result = states
    return final


def _is_for_later(state: State, context: RunContext) -> bool:
    if not isinstance(state, Scheduled):
        return not isinstance(state, (Pending, Running))
    return state.start_time is not None and state.start_time > context.now()
