"""The graph of a flow: which tasks, which edges, and in which order they come.

Adding a task or an edge takes constant time, sorting is linear. The order is fixed by the order in
which tasks were added: where the edges leave a choice, the task added first comes first.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nemflow.errors import DefinitionError
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge


class Graph:
    """A directed graph of tasks that keeps the order of insertion.

    Attributes:
        found: what others have found out about it, by name; forgotten when it changes.
    """

    __slots__ = ("_edges", "_from", "_sorted", "_to", "found")

    def __init__(self) -> None:
        self._edges: dict[Edge, None] = {}
        # Most tasks have few edges, many none: a list is made for the first.
        self._to: dict[Task, list[Edge] | tuple[()]] = {}
        self._from: dict[Task, list[Edge] | tuple[()]] = {}
        self._sorted: tuple[Task, ...] | None = None
        self.found: dict[str, Any] = {}

    def __contains__(self, task: object) -> bool:
        return task in self._to

    def __len__(self) -> int:
        return len(self._to)

    def tasks(self) -> Iterator[Task]:
        """Give the tasks in the order of insertion."""
        return iter(self._to)

    def edges(self) -> Iterator[Edge]:
        """Give the edges in the order of insertion."""
        return iter(self._edges)

    def add_task(self, task: Task) -> None:
        """Add a task that is not there yet."""
        self._to[task] = ()
        self._from[task] = ()
        self._forget()

    def add_edge(self, edge: Edge) -> None:
        """Add an edge between two tasks that are there; adding it twice changes nothing."""
        if edge in self._edges:
            return
        self._edges[edge] = None
        _append(self._to, edge.downstream_task, edge)
        _append(self._from, edge.upstream_task, edge)
        self._forget()

    def _forget(self) -> None:
        self._sorted = None
        if self.found:
            self.found = {}

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        kept = {"_edges": self._edges, "_from": self._from, "_to": self._to}
        return None, {**kept, "_sorted": None, "found": {}}  # what was found is found again

    def edges_to(self, task: Task) -> Sequence[Edge]:
        """Return the edges that lead to a task, in the order in which they were added.

        Raises:
            DefinitionError: the task is not of this graph.
        """
        try:
            return self._to[task]
        except KeyError:
            raise _foreign(task) from None

    def edges_from(self, task: Task) -> Sequence[Edge]:
        """Return the edges that leave a task, in the order in which they were added.

        Raises:
            DefinitionError: the task is not of this graph.
        """
        try:
            return self._from[task]
        except KeyError:
            raise _foreign(task) from None

    def sorted_tasks(self, roots: Iterable[Task] | None = None) -> tuple[Task, ...]:
        """Return the tasks so that each comes after all tasks upstream of it.

        Args:
            roots: only these tasks and those downstream of them.

        Raises:
            DefinitionError: the edges form a cycle; the message names it.
        """
        if self._sorted is None:
            self._sorted = tuple(self._sort())
        if roots is None:
            return self._sorted
        wanted = self._reach(roots)
        return tuple(task for task in self._sorted if task in wanted)

    def _sort(self) -> list[Task]:
        order: list[Task] = []
        done: dict[Task, bool] = {}  # False while the tasks upstream of it are being placed
        for task in self._to:
            if task in done:
                continue
            done[task] = False
            stack = [(task, iter(self._to[task]))]
            while stack:
                current, edges = stack[-1]
                for edge in edges:
                    upstream = edge.upstream_task
                    if upstream not in done:
                        done[upstream] = False
                        stack.append((upstream, iter(self._to[upstream])))
                        break
                    if not done[upstream]:
                        raise DefinitionError(_describe_cycle([t for t, _ in stack], upstream))
                else:
                    stack.pop()
                    done[current] = True
                    order.append(current)
        return order

    def _reach(self, roots: Iterable[Task]) -> set[Task]:
        found = set(roots)
        waiting = list(found)
        while waiting:
            for edge in self.edges_from(waiting.pop()):
                if edge.downstream_task not in found:
                    found.add(edge.downstream_task)
                    waiting.append(edge.downstream_task)
        return found


def _append(edges: dict[Task, list[Edge] | tuple[()]], task: Task, edge: Edge) -> None:
    known = edges[task]
    if isinstance(known, list):
        known.append(edge)
    else:
        edges[task] = [edge]


def _foreign(task: Task) -> DefinitionError:
    return DefinitionError(f"task {task.name!r} is not in this flow")


def _describe_cycle(path: list[Task], start: Task) -> str:
    cycle = path[path.index(start) :]
    names = " -> ".join(task.name for task in (start, *reversed(cycle)))
    return f"the tasks depend on each other in a circle: {names}"
