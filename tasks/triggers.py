"""Triggers: whether a task may run, judged by the states of the tasks upstream of it.

A trigger takes a mapping of edge to state and returns True, or raises a signal that says which state
the task gets instead. Upstream tasks that were mapped count once per child; constants do not count.
It is asked when every upstream task has finished. Any callable of that form will do::

    @task(trigger=triggers.any_successful)
"""

from collections.abc import Callable, Iterable, Mapping

from nemflow.tasks import signals
from nemflow.tasks.context import context_value
from nemflow.tasks.edges import Edge
from nemflow.tasks.states import Failed, Finished, Skipped, State, Success
from nemflow.tasks.whole import Kinds, TriggerStates

Kind = type[State]
UpstreamStates = Mapping[Edge, State]
Trigger = Callable[[UpstreamStates], bool]


def all_finished(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task has finished, however it ended."""
    if not _all_are(upstream_states, Finished):
        raise signals.TRIGGERFAIL('Trigger was "all_finished" but some upstream tasks have not')
    return True


always_run = all_finished


def all_successful(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task was successful (Skipped and Cached count). The default."""
    if not _all_are(upstream_states, Success):
        raise signals.TRIGGERFAIL(
            'Trigger was "all_successful" but some upstream tasks failed: '
            + _names_of_others(upstream_states, Success)
        )
    return True


def all_failed(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task failed."""
    if not _all_are(upstream_states, Failed):
        raise signals.TRIGGERFAIL('Trigger was "all_failed" but some upstream tasks succeeded')
    return True


def any_successful(upstream_states: UpstreamStates) -> bool:
    """Run when at least one upstream task was successful, or there is none upstream."""
    if upstream_states and not _count(upstream_states, Success):
        raise signals.TRIGGERFAIL('Trigger was "any_successful" but no upstream task succeeded')
    return True


def any_failed(upstream_states: UpstreamStates) -> bool:
    """Run when at least one upstream task failed, or there is none upstream."""
    if upstream_states and not _count(upstream_states, Failed):
        raise signals.TRIGGERFAIL('Trigger was "any_failed" but no upstream task failed')
    return True


def not_all_skipped(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task was successful and not every one was skipped."""
    if _all_are(upstream_states, Skipped):
        raise signals.SKIP('Trigger was "not_all_skipped" and every upstream task was skipped')
    if not _all_are(upstream_states, Success):
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
        failed = _count(upstream_states, Failed)
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
        successful = _count(upstream_states, Success)
        return _within("some_successful", successful, len(upstream_states), at_least, at_most)

    return some_successful_


def _within(
    trigger: str, count: int, total: int, at_least: float | None, at_most: float | None
) -> bool:
    if total == 0:
        return True
    low = 0 if at_least is None else _number(at_least, total)
    high = total if at_most is None else _number(at_most, total)
    if not low <= count <= high:
        raise signals.TRIGGERFAIL(
            f'Trigger was "{trigger}" but {count} of {total} upstream tasks is not between '
            f"{low:g} and {high:g}"
        )
    return True


def _number(bound: float, total: int) -> float:
    """Return a bound as a number of states; 0.07 of 100 are 7, not a little more."""
    return round(bound * total, 9) if bound < 1 else bound


def _kinds(upstream_states: UpstreamStates) -> Iterable[Kind]:
    """Give the classes of the states, some of them more than once."""
    if type(upstream_states) is TriggerStates:
        return upstream_states.kinds
    return map(type, upstream_states.values())


def _all_are(upstream_states: UpstreamStates, kind: Kind) -> bool:
    for known in _kinds(upstream_states):  # noqa: SIM110  # asked of every task run: a loop is fastest
        if not issubclass(known, kind):
            return False
    return True


def _count(upstream_states: UpstreamStates, kind: Kind) -> int:
    if type(upstream_states) is TriggerStates:
        known = upstream_states.kinds.items()
        return sum(count for one, count in known if issubclass(one, kind))
    return sum(isinstance(state, kind) for state in upstream_states.values())


def _names_of_others(upstream_states: UpstreamStates, kind: Kind) -> str:
    """Name the tasks whose states are not of a kind, once for each state."""
    names: list[str] = []
    total = 0
    for name, kinds in _kinds_by_name(upstream_states):
        others = sum(count for one, count in kinds.items() if not issubclass(one, kind))
        total += others
        names += [name] * min(others, 5)
    return ", ".join(names[:5]) + (f" and {total - 5} more" if total > 5 else "")


def _kinds_by_name(upstream_states: UpstreamStates) -> Iterable[tuple[str, Kinds]]:
    if type(upstream_states) is TriggerStates:
        return upstream_states.kinds_by_name()
    return ((edge.upstream_task.name, {type(s): 1}) for edge, s in upstream_states.items())
