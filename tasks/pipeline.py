"""The pipeline: which steps a task run goes through, and in which order."""

from collections.abc import Callable, Sequence

from nemflow.tasks.mapping import decide_width
from nemflow.tasks.options import StateHandler
from nemflow.tasks.states import State
from nemflow.tasks.steps import (
    call_run,
    check_cache,
    check_ready,
    check_retry,
    check_start_time,
    check_target,
    check_trigger,
    check_upstream_finished,
    check_upstream_skipped,
    collect_inputs,
    keep_in_cache,
    name_run,
    set_running,
)
from nemflow.tasks.task_run import TaskRun
from nemflow.tasks.triggers import all_successful

Steps = Sequence[Callable[[State, TaskRun], State]]

STEPS: Steps = (
    check_ready,
    check_start_time,
    check_upstream_finished,
    check_upstream_skipped,
    collect_inputs,
    name_run,
    check_target,
    check_cache,
    check_trigger,
    set_running,
    call_run,
    keep_in_cache,
    check_retry,
)

# A mapped parent only decides how many children there are: no trigger, target or retry is its own.
PARENT_STEPS: Steps = (
    check_ready,
    check_start_time,
    check_upstream_finished,
    check_upstream_skipped,
    decide_width,
)


def steps_for_first(run: TaskRun, handlers: Sequence[StateHandler]) -> Steps:
    """Return the steps that have a say in a run that begins as Pending: all, or those of a plain run.

    In a plain run no handler, cache or template of a name has a part. Then some steps give back
    whatever state they can be given; more of them do where nothing lies upstream and the trigger is the
    usual one. Most runs are plain, and most of what such a step would cost them is to be called.
    """
    task = run.task
    if handlers or task.task_run_name is not None or task.cache_for is not None:
        return STEPS
    if run.upstream_states or task.trigger is not all_successful:
        return _PLAIN_STEPS
    return _FIRST_STEPS


def _without(steps: Steps, *idle: Callable[[State, TaskRun], State]) -> Steps:
    return tuple(step for step in steps if step not in idle)


_PLAIN_STEPS = _without(STEPS, check_ready, check_start_time, name_run, check_cache, keep_in_cache)
_FIRST_STEPS = _without(
    _PLAIN_STEPS, check_upstream_finished, check_upstream_skipped, collect_inputs, check_trigger
)
