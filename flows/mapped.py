"""The children of a mapped task under way.

A child is ready when the children of the same number upstream have finished: there is no barrier
between one mapped task and the next. Tasks that take all children at once wait for the last of them.
"""

from collections.abc import Iterable

from nemflow.tasks.edges import Edge
from nemflow.tasks.mapping import Elements, elements_of
from nemflow.tasks.states import Mapped, State
from nemflow.tasks.whole import Whole


def follows_children(edge: Edge) -> bool:
    """Tell whether the downstream children wait for the upstream children one by one."""
    return edge.mapped and not edge.flattened


class Children:
    """The children of one mapped task.

    Attributes:
        parent: the parent's state; its ``map_states`` fill as children end.
        unfinished: how many have not finished.
        waits_for: of each child, how many children upstream have not finished.
        wholes: what all of them take whole, looked through once.
    """

    __slots__ = ("elements", "parent", "unfinished", "waits_for", "wholes")

    def __init__(self, parent: Mapped, elements: dict[Edge, Elements | None]) -> None:
        self.parent = parent
        self.elements = elements
        self.unfinished = parent.n_map_states
        self.waits_for = [0] * parent.n_map_states
        self.wholes: dict[Edge, Whole] = {}

    def upstream_state(self, edge: Edge, state: State, child: int) -> State:
        """Return what a child sees over an edge: its own element over a mapped one."""
        if not edge.mapped or not state.is_successful():
            return state
        if isinstance(state, Mapped) and not edge.flattened:
            return state.map_states[child] or state
        elements = self.elements.get(edge)
        if elements is None:
            elements = self.elements[edge] = elements_of(edge, state)
        return elements.state_of(child)


def is_mapped(edges: Iterable[Edge]) -> bool:
    """Tell by the edges that lead to a task whether it runs once per element."""
    for edge in edges:  # noqa: SIM110  # asked of every task run: a loop is fastest
        if edge.mapped:
            return True
    return False
