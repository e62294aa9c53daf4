"""Mapped tasks as others see them that take their children all at once.

A mapped state may have thousands of children, and the tasks that look at it may be thousands too: the
children of another mapped task. So it is looked through once, and what was found is shared: a
``Whole`` has the list of the results, and counts how many children ended in which way.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from nemflow.tasks.edges import Edge
from nemflow.tasks.states import Finished, Mapped, Pending, Skipped, State

log = logging.getLogger(__name__)
Kinds = Mapping[type[State], int]


class Whole:
    """What comes over an edge that is not mapped: from a mapped task, or flattened.

    Attributes:
        states: of the children; of a task that is not mapped, its own.
        kinds: how many of them are of which class.
    """

    def __init__(self, edge: Edge, state: State) -> None:
        self.edge = edge
        self.state = state
        self.states = _children(state) if isinstance(state, Mapped) else [state]
        self.kinds: Kinds = Counter(map(type, self.states))

    def is_finished(self) -> bool:
        """Tell whether every child has ended."""
        return all(issubclass(kind, Finished) for kind in self.kinds)

    def is_skipped(self) -> bool:
        """Tell whether any child was skipped."""
        return any(issubclass(kind, Skipped) for kind in self.kinds)

    @cached_property
    def result(self) -> Any:
        """The result, flattened if the edge is; all who take it get the same object."""
        return flatten_result(self.state) if self.edge.flattened else self.state.result

    @cached_property
    def by_edge(self) -> dict[Edge, State]:
        """The children's states, each under an edge of its own."""
        upstream, downstream = self.edge.upstream_task, self.edge.downstream_task
        return {
            Edge(upstream, downstream, f"{self.edge.key}_{index}"): state
            for index, state in enumerate(self.states)
        }


class TriggerStates(Mapping[Edge, State]):
    """The states that a trigger judges, mapped ones as their children.

    The children are laid out only for a trigger that looks at each; nemflow's own count ``kinds``.
    """

    def __init__(self, single: dict[Edge, State], wholes: list[Whole]) -> None:
        self._single = single
        self._wholes = wholes

    @cached_property
    def kinds(self) -> Kinds:
        """How many states are of which class."""
        return sum((Counter(whole.kinds) for whole in self._wholes), _count(self._single))

    def kinds_by_name(self) -> Iterator[tuple[str, Kinds]]:
        """Give the names of the tasks, with how many of their states are of which class."""
        for edge, state in self._single.items():
            yield edge.upstream_task.name, {type(state): 1}
        for whole in self._wholes:
            yield whole.edge.upstream_task.name, whole.kinds

    @cached_property
    def _all(self) -> dict[Edge, State]:
        everything = dict(self._single)
        for whole in self._wholes:
            everything.update(whole.by_edge)
        return everything

    def __getitem__(self, edge: Edge) -> State:
        return self._all[edge]

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._all)

    def __len__(self) -> int:
        return sum(self.kinds.values())


def _count(states: Mapping[Edge, State]) -> "Counter[type[State]]":
    return Counter(map(type, states.values()))


def _children(state: Mapped) -> list[State]:
    return [Pending() if child is None else child for child in state.map_states]


def flatten_result(state: State) -> Any:
    """Return a result with one level of nesting less, for a task that takes it whole."""
    if isinstance(state, Mapped):
        return [e.result if isinstance(e, State) else e for e in flatten_children(state)]
    value: Any = state.result
    return flatten_value(value) if state.is_successful() and isinstance(value, Iterable) else value


def flatten_value(value: Any) -> Sequence[Any]:
    """Take the elements apart, if all of them can be taken apart."""
    if not all(isinstance(element, Iterable) for element in value):
        return list(value)
    return [inner for element in value for inner in element]


def flatten_children(state: Mapped) -> list[Any]:
    """Take the lists of the children apart; a failed or skipped child keeps one place."""
    flat: list[Any] = []
    for child in _children(state):
        if not child.is_successful() or child.is_skipped():
            flat.append(child)
        elif isinstance(child.result, Iterable):
            flat.extend(child.result)
        else:
            log.warning("flatten: %r is no list and is passed on as it is", child.result)
            flat.append(child.result)
    return flat
