"""From the states of the tasks to the state of the flow run."""

from collections.abc import Iterable, Mapping

from nemflow.flows.blueprint import Blueprint
from nemflow.flows.pausing import paused_runs
from nemflow.tasks.base import Task
from nemflow.tasks.states import (
    Failed,
    Finished,
    Mapped,
    Paused,
    Pending,
    Running,
    State,
    Success,
)


def decide(flow: Blueprint, states: Mapping[Task, State]) -> State:
    """Return the flow run's state.

    Running while a terminal task has not finished (Paused when a paused task is why), else Failed if
    a reference task failed, else Success. Mapped tasks count by their children.
    """
    terminal = _kinds(states[task] for task in flow.terminal_tasks())
    if not all(issubclass(kind, Finished) for kind in terminal):
        paused = sorted(run.name for run in paused_runs(states))
        if paused:
            return Paused(
                f"paused at {', '.join(paused)}: to go on, run the flow with state= this state and "
                "context={'resume': True}"
            )
        return Running("some tasks have not finished")
    references = _kinds(states[task] for task in flow.reference_tasks())
    if any(issubclass(kind, Failed) for kind in references):
        return Failed(_say_failed(flow, states))
    if all(issubclass(kind, Success) for kind in references):
        return Success("all reference tasks succeeded")
    return Success("no reference task failed")


def _say_failed(flow: Blueprint, states: Mapping[Task, State]) -> str:
    """Name what failed by itself; tasks that only could not start for it are left out."""
    roots = [
        f"{task.name}: {state.message}"
        for task in flow.graph.tasks()
        for state in with_children([states[task]])
        if state.is_failed() and type(state).__name__ != "TriggerFailed"
    ]
    return "; ".join(roots) or "some reference tasks failed"


def _kinds(states: Iterable[State]) -> set[type[State]]:
    """Return which classes of states there are, among thousands of states a handful."""
    kinds: set[type[State]] = set()
    for state in states:
        kinds.add(type(state))
        if isinstance(state, Mapped):
            kinds.update([Pending if child is None else type(child) for child in state.map_states])
    return kinds


def with_children(states: Iterable[State]) -> list[State]:
    """Return states, each mapped one with those of its children."""
    flat: list[State] = []
    for state in states:
        flat.append(state)
        if isinstance(state, Mapped):
            flat += [child if child is not None else Pending() for child in state.map_states]
    return flat
