"""Mapping: a task that runs once per element of what comes from upstream.

``task.map(xs, unmapped(y))`` makes one *parent* and, at run time, one *child* per element: the parent
only decides how many (the shortest input counts) and ends ``Mapped``; each child is a task run of its
own, with its own retries, target and state.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nemflow.tasks.edges import Edge
from nemflow.tasks.states import Failed, Mapped, Pending, State, Success
from nemflow.tasks.task_run import TaskRun
from nemflow.tasks.whole import flatten_children, flatten_value


def decide_width(state: State, run: TaskRun) -> State:
    """End a mapped parent: Mapped, with as many children as its shortest input has elements."""
    widths = []
    for edge, upstream in run.upstream_states.items():
        if not edge.mapped or not upstream.is_successful():
            continue
        try:
            widths.append(len(elements_of(edge, upstream)))
        except TypeError as error:
            name = edge.upstream_task.name
            return run.end(
                Failed(f"{run.task.name!r} cannot be mapped over {name!r}: {error}", error)
            )
    if not widths:
        return run.end(
            Failed(f"{run.task.name!r} has nothing to map over: no mapped input succeeded")
        )
    width = min(widths)
    known = state.map_states[:width] if isinstance(state, Mapped) else []
    children = [*known, *[None] * (width - len(known))]
    return run.end(Mapped(f"{width} children", map_states=children))


class Elements:
    """The elements of one mapped input, as upstream states of the children."""

    __slots__ = ("state", "values")

    def __init__(self, state: State, values: Sequence[Any]) -> None:
        self.state = state
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def state_of(self, index: int) -> State:
        """Return the state that child ``index`` sees upstream, with its element as the result."""
        try:
            element = self.values[index]
        except Exception as error:  # whatever a user's sequence does when it is asked
            return Failed(f"element {index} cannot be taken: {error!r}", result=error)
        if isinstance(element, State) and isinstance(self.state, Mapped):
            return element
        # Equal to the upstream state but for the result: a trigger asks for its class.
        state = Success(self.state.message)
        state.result = element
        return state


def elements_of(edge: Edge, state: State) -> Elements:
    """Return the elements of what comes over a mapped edge from a finished, successful task.

    Raises:
        TypeError: it is nothing that can be counted through: a set, a generator, a dictionary.
    """
    if isinstance(state, Mapped) and not edge.flattened:
        return Elements(state, [child or Pending() for child in state.map_states])
    if isinstance(state, Mapped):
        return Elements(state, flatten_children(state))
    value: Any = state.result
    if isinstance(value, Mapping):
        raise TypeError("a dictionary has no order of elements to map over; map over its items")
    if not hasattr(value, "__getitem__") or not hasattr(value, "__len__"):
        raise TypeError(f"{type(value).__name__} has no elements that can be taken by number")
    if len(value):
        try:
            value[0]
        except (LookupError, TypeError) as error:  # a table, say, whose items are its columns
            raise TypeError(f"the elements of {type(value).__name__} have no numbers") from error
    return Elements(state, flatten_value(value) if edge.flattened else value)
