"""The steps of a task run, one function each: ``(state, run) -> state``.

``TaskRunner.run`` calls them in the order in which they stand here. A step returns the state that it
was given if it has nothing to say; ``run.end(state)`` says that the run is over. A signal or an
exception that a step raises becomes the new state, and the steps go on: most of them then have
nothing to do, since the state is no longer pending.
"""

import contextlib
from collections.abc import Mapping

from nemflow.errors import DefinitionError
from nemflow.results.base import Result
from nemflow.results.file import FileResult
from nemflow.tasks import signals
from nemflow.tasks.base import Task
from nemflow.tasks.caching import fingerprint
from nemflow.tasks.containers import Constant
from nemflow.tasks.context import run_logger
from nemflow.tasks.edges import Edge
from nemflow.tasks.naming import fill_name
from nemflow.tasks.states import (
    Cached,
    Failed,
    Looped,
    Mapped,
    Paused,
    Pending,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    State,
    Success,
    TimedOut,
    TriggerFailed,
)
from nemflow.tasks.stdout import printing_to
from nemflow.tasks.targets import find_target, hold_target, place_target
from nemflow.tasks.task_run import TaskRun
from nemflow.tasks.timeouts import TimeIsUp, run_in_time
from nemflow.tasks.whole import TriggerStates, Whole

log = run_logger("nemflow.TaskRunner")


def check_ready(state: State, run: TaskRun) -> State:
    """End the run of a task that has run or is running."""
    return state if isinstance(state, (Pending, Mapped, Cached)) else run.end(state)


def check_start_time(state: State, run: TaskRun) -> State:
    """End the attempt at a task whose time has not come."""
    if not isinstance(state, Scheduled):
        return state
    if state.start_time is None:
        return state if run.resume else run.end(state)
    return run.end(state) if state.start_time > run.context.now() else state


def check_upstream_finished(state: State, run: TaskRun) -> State:
    """End the attempt at a task that still waits for another."""
    for edge, upstream in run.upstream_states.items():
        if not (run.whole(edge, upstream) or upstream).is_finished():
            return run.end(state)
    return state


def check_upstream_skipped(state: State, run: TaskRun) -> State:
    """Skip a task when a task right before it was skipped, unless it wants to run all the same."""
    if not run.task.skip_on_upstream_skip:
        return state
    for edge, upstream in run.upstream_states.items():
        if (run.whole(edge, upstream) or upstream).is_skipped():
            return run.end(Skipped("an upstream task was skipped"))
    return state


def collect_inputs(state: State, run: TaskRun) -> State:
    """Take the results of the upstream tasks whose edges have a key, whatever their states."""
    for edge, upstream in run.upstream_states.items():
        if edge.key is not None:
            run.inputs[edge.key] = (run.whole(edge, upstream) or upstream).result
    return state


def name_run(state: State, run: TaskRun) -> State:
    """Fill the template of the run's name."""
    template = run.task.task_run_name
    if template is not None:
        run.run_name = fill_name(template, run.template_keys(), f"task {run.task.name!r}")
        run.keys["task_run_name"] = run.run_name
    return state


def check_target(state: State, run: TaskRun) -> State:
    """Take what lies at the target; where nothing does, keep others from making it meanwhile."""
    if run.task.target is None or not isinstance(state, (Pending, Cached)):
        return state
    if run.result is None:
        raise DefinitionError(
            f"task {run.task.name!r} has a target but no result that says where targets lie: "
            "give it result=LocalResult(dir=...) or another"
        )
    found = find_target(place_target(run), run.context, held=run.lock is not None)
    if found is None and hold_target(run):
        found = find_target(place_target(run), run.context, held=True)
    if found is None:
        return state
    return Cached(f"{found.location} was there", result=found)


def check_cache(state: State, run: TaskRun) -> State:
    """Take a value that was computed before, if the task's validator says that it is still good."""
    task = run.task
    if task.target is not None or not isinstance(state, (Pending, Cached)):
        return state
    if task.cache_for is None and not isinstance(state, Cached):
        return state
    kept = run.context.cache.load(cache_key(run)) if run.context.cache and task.cache_for else []
    candidates = [state, *kept] if isinstance(state, Cached) else kept
    for candidate in candidates:
        if task.cache_validator(candidate, run.inputs, run.context.parameters):
            return candidate
    if candidates:
        log.warning("Task '%s': can't use cache because it is now invalid", run.full_name)
    return Pending("the cached value is no longer good") if isinstance(state, Cached) else state


def cache_key(run: TaskRun) -> str:
    """Return the task's own cache key, else one that no other task or mapped child has."""
    if run.task.cache_key is not None:
        return run.task.cache_key
    return f"{run.context.values.get('flow_name')}/{run.slug}/{run.map_index}"


def check_trigger(state: State, run: TaskRun) -> State:
    """Ask the trigger whether the states upstream let the task run."""
    trigger_states = _trigger_states(run)
    try:
        if run.task.trigger(trigger_states):
            return state
    except signals.StateSignal as signal:
        return run.end(signal.state)  # a Paused or Retrying is pending, and must not start the run
    except Exception as error:  # a trigger is user code
        message = f"the trigger of {run.task.name!r} failed: {error!r}"
        return run.end(TriggerFailed(message, result=error))
    return run.end(TriggerFailed(f"the trigger of {run.task.name!r} said no"))


def _trigger_states(run: TaskRun) -> Mapping[Edge, State]:
    """Give the states that a trigger judges: mapped ones as their children, constants left out."""
    for edge, state in run.upstream_states.items():
        if isinstance(state, Mapped) or isinstance(edge.upstream_task, Constant):
            return _expand(run)
    return run.upstream_states


def _expand(run: TaskRun) -> TriggerStates:
    single: dict[Edge, State] = {}
    wholes: list[Whole] = []
    for edge, state in run.upstream_states.items():
        if isinstance(edge.upstream_task, Constant):
            continue
        if isinstance(state, Mapped):
            wholes.append(run.whole(edge, state) or Whole(edge, state))
        else:
            single[edge] = state
    return TriggerStates(single, wholes)


def set_running(state: State, run: TaskRun) -> State:
    """Start; a state that is not pending by now (Cached, say) is final."""
    if not isinstance(state, Pending):
        return run.end(state)
    return Running("started" if run.run_count == 1 else f"started, attempt {run.run_count}")


def call_run(state: State, run: TaskRun) -> State:
    """Call the task's ``run`` and keep what it returns; whatever it raises becomes the state."""
    if not isinstance(state, Running):
        return run.end(state)
    message = "done"
    try:
        if isinstance(run.result, FileResult):
            return _make_file(run, run.result)
        value = _call(run, run.inputs)
    except TimeIsUp as signal:
        return TimedOut(str(signal), result=signal)
    except signals.LOOP as signal:
        return _note_loop(signal.state, run)
    except signals.SUCCESS as signal:
        if signal.state.result is signal:
            return signal.state
        value = signal.state.result
        message = signal.state.message or message
    return _persist(value, message, run)


def _call(run: TaskRun, inputs: Mapping[str, object]) -> object:
    """Call ``run`` under the task's timeout, with its prints going where they should."""
    task = run.task
    if task.log_stdout:
        with printing_to(task.logger):
            return _call_in_time(task, inputs)
    return _call_in_time(task, inputs)


def _call_in_time(task: Task, inputs: Mapping[str, object]) -> object:
    if task.timeout_s is None:
        return task.run(**inputs)
    return run_in_time(task.run, inputs, task.timeout_s)


def _note_loop(state: State, run: TaskRun) -> State:
    """Say which pass this was, and keep what it hands on where the task declares a result."""
    looped = Looped(state.message, result=state.result, loop_count=run.loop_count or 1)
    if run.task.target is None:  # a pass is not the target: that is there when the loop has ended
        _persist(state.result, "one pass", run)
    return looped


def _make_file(run: TaskRun, result: FileResult) -> State:
    """Let the task fill a temporary file, and move that into place."""
    placed = run.placed or result.format_map(run.template_keys())
    assert isinstance(placed, FileResult)
    assert isinstance(placed.location, str)
    with placed.writing(placed.location) as temporary, contextlib.suppress(signals.SUCCESS):
        _call(run, {**run.inputs, placed.argument: temporary})
    return Success("made", result=placed.read(placed.location))


def _persist(value: object, message: str, run: TaskRun) -> State:
    """Write the value where the task or its flow declares a result that keeps."""
    result = run.result
    writes = run.context.checkpointing and run.task.checkpoint is not False
    if result is None or not result.keeps or not writes:
        return Success(message, result=Result(value) if result is None else result.holding(value))
    if run.placed is not None:
        return Success(message, result=run.placed.write(value))
    return Success(message, result=result.write(value, **run.template_keys()))


def keep_in_cache(state: State, run: TaskRun) -> State:
    """Keep a new value for later runs, where the task says for how long."""
    task = run.task
    if task.cache_for is None or not isinstance(state, Success) or state.is_skipped():
        return state
    cached = Cached(
        state.message,
        result=state._result,
        hashed_inputs={key: fingerprint(value) for key, value in run.inputs.items()},
        cached_parameters=dict(run.context.parameters),
        cached_result_expiration=run.context.now() + task.cache_for,
    )
    if run.context.cache is not None:
        run.context.cache.keep(cache_key(run), cached)
    return cached


def check_retry(state: State, run: TaskRun) -> State:
    """Put a failed run back in line while it has retries left."""
    task = run.task
    if isinstance(state, (Retrying, Paused)):  # the task asked for it itself, by a signal
        state.context.update(_loop_position(run))
    if not isinstance(state, Failed) or run.run_count > task.max_retries:
        return state
    error = state.result
    if (
        task.retry_on is not None
        and error is not None
        and not isinstance(error, tuple(task.retry_on))
    ):
        return state
    assert task.retry_delay is not None  # options.check_retries
    return Retrying(
        f"attempt {run.run_count} failed: {state.message}",
        result=error,
        start_time=run.context.now() + task.retry_delay,
        run_count=run.run_count,
        context=_loop_position(run),
    )


def _loop_position(run: TaskRun) -> dict[str, object]:
    if run.loop_count is None:
        return {}
    return {"task_loop_count": run.loop_count, "task_loop_result": run.loop_result}
