"""A flow as a picture: nodes and arrows, before anybody says in which language they are written.

Every task is a node, in topological order. With the states of a run, a mapped task becomes one node
for each of its children, up to `CHILDREN`; one with more stays a single node that says how many.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from nemflow.flows.blueprint import Blueprint
from nemflow.flows.mapped import follows_children, is_mapped
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge
from nemflow.tasks.states import Mapped, Pending, State

CHILDREN = 20
"""Up to so many children of a mapped task get a node each."""

States = Mapping[Task, State]
"""The states of a run, by task: what ``flow.run(...).result`` is."""


class Node(NamedTuple):
    """A task, or a child of a mapped one; ``id`` is made of letters and digits."""

    id: str
    label: str
    mapped: bool
    state: State | None


class Arrow(NamedTuple):
    """What joins two nodes, by their ids; ``key`` is the argument that is handed on."""

    tail: str
    head: str
    key: str | None
    mapped: bool


class Picture(NamedTuple):
    """What is to be seen of a flow."""

    title: str
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


def draw(flow: Blueprint, states: States | None = None) -> Picture:
    """Lay out a flow.

    Args:
        flow: the flow.
        states: the states of a run; tasks without one are drawn as if there were no run.

    Raises:
        DefinitionError: the tasks depend on each other in a circle.
    """
    tasks = flow.graph.sorted_tasks()
    nodes = {
        task: _nodes_of(
            task, f"n{place}", is_mapped(flow.graph.edges_to(task)), (states or {}).get(task)
        )
        for place, task in enumerate(tasks)
    }
    edges = itertools.chain.from_iterable(flow.graph.edges_to(task) for task in tasks)
    return Picture(
        printable(flow.name),
        tuple(itertools.chain.from_iterable(nodes.values())),
        tuple(
            Arrow(tail.id, head.id, edge.key, edge.mapped)
            for edge in edges
            for tail, head in _ends(edge, nodes[edge.upstream_task], nodes[edge.downstream_task])
        ),
    )


def _nodes_of(task: Task, id_: str, mapped: bool, state: State | None) -> tuple[Node, ...]:
    name = printable(task.name)
    if not mapped:
        return (Node(id_, name, False, state),)
    if not isinstance(state, Mapped) or not state.map_states:
        return (Node(id_, f"{name} <map>", True, state),)
    children = children_of(state)
    if len(children) > CHILDREN:
        label = f"{name} <map> {len(children):,} children: {count_states(children)}"
        return (Node(id_, label, True, _most_telling(children)),)
    return tuple(
        Node(f"{id_}c{number}", f"{name}[{number}]", True, child)
        for number, child in enumerate(children)
    )


def _ends(
    edge: Edge, tails: tuple[Node, ...], heads: tuple[Node, ...]
) -> Iterable[tuple[Node, Node]]:
    """Pair the nodes at both ends of an edge: child with child where one follows the other."""
    if follows_children(edge) and len(tails) > 1 and len(heads) > 1:
        return zip(tails, heads, strict=False)  # the shortest input decided how many children
    return itertools.product(tails, heads)


def _most_telling(children: list[State]) -> State:
    """Return the state that stands for all: a failed one, else an unfinished one, else the first."""
    for is_telling in (State.is_failed, lambda child: not child.is_finished()):
        for child in children:
            if is_telling(child):
                return child
    return children[0]


def children_of(state: Mapped) -> list[State]:
    """Return the states of the children of a mapped task, Pending where one is not known."""
    return [Pending() if child is None else child for child in state.map_states]


def count_states(states: Iterable[State]) -> str:
    """Say how many states there are of each kind.

    >>> count_states([Pending(), Pending()])
    '2 Pending'
    """
    counts = Counter(type(state).__name__ for state in states)
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def unique_names(flow: Blueprint) -> dict[Task, str]:
    """Return what each task is called: its name, or its slug where a name is there twice."""
    counts = Counter(task.name for task in flow.graph.tasks())
    return {
        task: printable(task.name if counts[task.name] == 1 else flow.slugs[task])
        for task in flow.graph.tasks()
    }


def printable(text: str) -> str:
    r"""Return text on one line; what cannot be seen, or turns the writing around, is spelled out.

    >>> print(printable("a\nb \x1b[2J"))
    a\nb \x1b[2J
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
