"""Triggers: whether a task may run, judged by the states of the tasks upstream of it.

A trigger takes a mapping of edge to state and returns True, or raises a signal that says which state
the task gets instead. Upstream tasks that were mapped count once per child; constants do not count.
It is asked when every upstream task has finished. Any callable of that form will do::

    @task(trigger=triggers.any_successful)
"""

from collections.abc import Callable, Mapping

from nemflow.tasks import signals
from nemflow.tasks.context import context_value
from nemflow.tasks.edges import Edge
from nemflow.tasks.states import State

UpstreamStates = Mapping[Edge, State]
Trigger = Callable[[UpstreamStates], bool]


def all_finished(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task has finished, however it ended."""
    if not all(state.is_finished() for state in upstream_states.values()):
        raise signals.TRIGGERFAIL('Trigger was "all_finished" but some upstream tasks have not')
    return True


always_run = all_finished


def all_successful(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task was successful (Skipped and Cached count). The default."""
    for state in upstream_states.values():
        if not state.is_successful():
            raise signals.TRIGGERFAIL(
                'Trigger was "all_successful" but some upstream tasks failed: '
                + _names(upstream_states, lambda state: not state.is_successful())
            )
    return True


def all_failed(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task failed."""
    if not all(state.is_failed() for state in upstream_states.values()):
        raise signals.TRIGGERFAIL('Trigger was "all_failed" but some upstream tasks succeeded')
    return True


def any_successful(upstream_states: UpstreamStates) -> bool:
    """Run when at least one upstream task was successful, or there is none upstream."""
    states = upstream_states.values()
    if states and not any(state.is_successful() for state in states):
        raise signals.TRIGGERFAIL('Trigger was "any_successful" but no upstream task succeeded')
    return True


def any_failed(upstream_states: UpstreamStates) -> bool:
    """Run when at least one upstream task failed, or there is none upstream."""
    states = upstream_states.values()
    if states and not any(state.is_failed() for state in states):
        raise signals.TRIGGERFAIL('Trigger was "any_failed" but no upstream task failed')
    return True


def not_all_skipped(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task was successful and not every one was skipped."""
    states = upstream_states.values()
    if all(state.is_skipped() for state in states):
        raise signals.SKIP('Trigger was "not_all_skipped" and every upstream task was skipped')
    if not all(state.is_successful() for state in states):
        raise signals.TRIGGERFAIL('Trigger was "not_all_skipped" but some upstream tasks failed')
    return True


def manual_only(upstream_states: UpstreamStates) -> bool:
    """Run only when a person says so: pause until the run is resumed."""
    if context_value("resume"):
        return True
    raise signals.PAUSE('Trigger was "manual_only"')


def some_failed(
    at_least: float | None = None, at_most: float | None = None
) -> Callable[[UpstreamStates], bool]:
    """Make a trigger that runs when the number of failed upstream tasks lies within bounds.

    Args:
        at_least: the lower bound, inclusive; below 1 it is a fraction of the upstream tasks.
        at_most: the upper bound, inclusive; below 1 it is a fraction of the upstream tasks.
    """

    def some_failed_(upstream_states: UpstreamStates) -> bool:
        failed = sum(state.is_failed() for state in upstream_states.values())
        return _within("some_failed", failed, len(upstream_states), at_least, at_most)

    return some_failed_


def some_successful(
    at_least: float | None = None, at_most: float | None = None
) -> Callable[[UpstreamStates], bool]:
    """Make a trigger that runs when the number of successful upstream tasks lies within bounds.

    Args:
        at_least: the lower bound, inclusive; below 1 it is a fraction of the upstream tasks.
        at_most: the upper bound, inclusive; below 1 it is a fraction of the upstream tasks.
    """

    def some_successful_(upstream_states: UpstreamStates) -> bool:
        successful = sum(state.is_successful() for state in upstream_states.values())
        return _within("some_successful", successful, len(upstream_states), at_least, at_most)

    return some_successful_


def _within(
    trigger: str, count: int, total: int, at_least: float | None, at_most: float | None
) -> bool:
    if total == 0:
        return True
    low = 0 if at_least is None else at_least * total if at_least < 1 else at_least
    high = total if at_most is None else at_most * total if at_most < 1 else at_most
    if not low <= count <= high:
        raise signals.TRIGGERFAIL(
            f'Trigger was "{trigger}" but {count} of {total} upstream tasks is not between '
            f"{low:g} and {high:g}"
        )
    return True


def _names(upstream_states: UpstreamStates, chosen: Callable[[State], bool]) -> str:
    names = [edge.upstream_task.name for edge, state in upstream_states.items() if chosen(state)]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
