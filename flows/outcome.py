"""From the states of the tasks to the state of the flow run."""

from collections.abc import Iterable, Mapping

from nemflow.flows.blueprint import Blueprint
from nemflow.flows.pausing import paused_runs
from nemflow.tasks.base import Task
from nemflow.tasks.states import Failed, Mapped, Paused, Pending, Running, State, Success


def decide(flow: Blueprint, states: Mapping[Task, State]) -> State:
    """Return the flow run's state.

    Running while a terminal task has not finished (Paused when a paused task is why), else Failed if
    a reference task failed, else Success. Mapped tasks count by their children.
    """
    unfinished = [
        s for s in _with_children(states[t] for t in flow.terminal_tasks()) if not s.is_finished()
    ]
    if unfinished:
        paused = sorted(run.name for run in paused_runs(states))
        if paused:
            return Paused(
                f"paused at {', '.join(paused)}: to go on, run the flow with state= this state and "
                "context={'resume': True}"
            )
        return Running("some tasks have not finished")
    references = _with_children(states[task] for task in flow.reference_tasks())
    failed = [state for state in references if state.is_failed()]
    if failed:
        return Failed(_say_failed(flow, states))
    if all(state.is_successful() for state in references):
        return Success("all reference tasks succeeded")
    return Success("no reference task failed")


def _say_failed(flow: Blueprint, states: Mapping[Task, State]) -> str:
    """Name what failed by itself; tasks that only could not start for it are left out."""
    roots = [
        f"{task.name}: {state.message}"
        for task in flow.graph.tasks()
        for state in _with_children([states[task]])
        if state.is_failed() and type(state).__name__ != "TriggerFailed"
    ]
    return "; ".join(roots) or "some reference tasks failed"


def _with_children(states: Iterable[State]) -> list[State]:
    flat: list[State] = []
    for state in states:
        flat.append(state)
        if isinstance(state, Mapped):
            flat += [child if child is not None else Pending() for child in state.map_states]
    return flat
