"""What every run of a flow asks of its graph, found out once and kept until the graph changes."""

from typing import NamedTuple

from nemflow.flows.graph import Graph
from nemflow.flows.mapped import is_mapped
from nemflow.tasks.containers import Constant

WHOLE = -1


class Node(NamedTuple):
    """What can be handed to the executor; sorts in the order in which ready nodes are taken."""

    rank: int  # the child's number, 0 for a whole task
    place: int  # of the task in the topological order
    child: int  # the child's number, WHOLE for a task


class Structure:
    """The graph of a flow as a run needs it: tasks are known by their places in the order.

    Attributes:
        order: the tasks, each after all that lie upstream of it.
        place: of each task.
        nodes: the whole tasks.
        edges_to: the edges that lead to a task.
        waits_for: how many edges lead to a task.
        roots: the places of the tasks with nothing upstream.
        below: the places downstream of a task, one for each edge.
        is_mapped: whether a task runs once per element.
        is_handed_over: whether a whole task is run: neither a constant nor a mapped one is.
    """

    __slots__ = (
        "below",
        "edges_to",
        "is_handed_over",
        "is_mapped",
        "nodes",
        "order",
        "place",
        "roots",
        "waits_for",
    )

    def __init__(self, graph: Graph) -> None:
        order = self.order = graph.sorted_tasks()
        place = self.place = {task: number for number, task in enumerate(order)}
        self.nodes = [Node(0, number, WHOLE) for number in range(len(order))]
        edges_to = self.edges_to = [graph.edges_to(task) for task in order]
        self.waits_for = [len(edges) for edges in edges_to]
        self.roots = [number for number, edges in enumerate(edges_to) if not edges]
        edges_from = [graph.edges_from(task) for task in order]
        self.below: list[tuple[int, ...]] = [
            tuple([place[edge.downstream_task] for edge in edges]) if edges else ()
            for edges in edges_from
        ]
        self.is_mapped = [is_mapped(edges) for edges in edges_to]
        self.is_handed_over = [
            not (mapped or isinstance(task, Constant))
            for task, mapped in zip(order, self.is_mapped, strict=True)
        ]


def structure_of(graph: Graph) -> Structure:
    """Return the structure of a graph as it is now."""
    known: Structure | None = graph.found.get("structure")
    if known is None:
        known = graph.found["structure"] = Structure(graph)
    return known


__all__ = ["WHOLE", "Node", "Structure", "structure_of"]
