"""Looking at a flow: its tasks and edges, what is up- and downstream, and whether it is sound."""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from nemflow.errors import DefinitionError
from nemflow.flows.graph import Graph
from nemflow.flows.parameters import Parameter
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge
from nemflow.tasks.resources import ResourceCleanup, ResourceInit

S = TypeVar("S", bound="Lookup")
R = TypeVar("R")


def _until_changed(ask: Callable[[S], R]) -> Callable[[S], R]:
    """Let a method look at the graph once, and once more after each change of it."""

    @functools.wraps(ask)
    def remember(self: S) -> R:
        found = self.graph.found
        if ask.__name__ not in found:
            found[ask.__name__] = ask(self)
        answer: R = found[ask.__name__]
        return answer

    return remember


class Lookup:
    """What can be asked of a flow; changes nothing.

    Attributes:
        graph: the tasks and edges.
        constants: arguments that are no tasks, by task and name.
        slugs: what identifies each task in the flow.
    """

    def __init__(self) -> None:
        self.graph = Graph()
        self.constants: dict[Task, dict[str, object]] = {}
        self.slugs: dict[Task, str] = {}
        self._reference_tasks: tuple[Task, ...] = ()
        self._found_valid: tuple[Task, ...] | None = None

    @property
    def tasks(self) -> set[Task]:
        """All tasks."""
        return set(self.graph.tasks())

    @property
    def edges(self) -> set[Edge]:
        """All edges."""
        return set(self.graph.edges())

    def edges_to(self, task: Task) -> set[Edge]:
        """Return the edges that lead to a task."""
        return set(self.graph.edges_to(task))

    def edges_from(self, task: Task) -> set[Edge]:
        """Return the edges that leave a task."""
        return set(self.graph.edges_from(task))

    def all_upstream_edges(self) -> dict[Task, set[Edge]]:
        """Return for every task the edges that lead to it."""
        return {task: self.edges_to(task) for task in self.graph.tasks()}

    def all_downstream_edges(self) -> dict[Task, set[Edge]]:
        """Return for every task the edges that leave it."""
        return {task: self.edges_from(task) for task in self.graph.tasks()}

    def upstream_tasks(self, task: Task) -> set[Task]:
        """Return the tasks right before a task."""
        return {edge.upstream_task for edge in self.graph.edges_to(task)}

    def downstream_tasks(self, task: Task) -> set[Task]:
        """Return the tasks right after a task."""
        return {edge.downstream_task for edge in self.graph.edges_from(task)}

    def root_tasks(self) -> set[Task]:
        """Return the tasks with nothing upstream."""
        return {task for task in self.graph.tasks() if not self.graph.edges_to(task)}

    def terminal_tasks(self) -> set[Task]:
        """Return the tasks with nothing downstream."""
        return set(self._terminal_tasks())

    @_until_changed
    def _terminal_tasks(self) -> set[Task]:
        return {task for task in self.graph.tasks() if not self.graph.edges_from(task)}

    def reference_tasks(self) -> set[Task]:
        """Return the tasks whose states make the flow's state.

        By default the terminal tasks; cleaning up after a resource does not count.
        """
        return set(self._reference_tasks or self._last_tasks())

    @_until_changed
    def _last_tasks(self) -> set[Task]:
        return {
            task
            for task in self.graph.tasks()
            if not isinstance(task, (ResourceInit, ResourceCleanup))
            and not self._has_work_after(task)
        }

    def _has_work_after(self, task: Task) -> bool:
        edges = self.graph.edges_from(task)
        return any(not isinstance(edge.downstream_task, ResourceCleanup) for edge in edges)

    def parameters(self) -> set[Parameter]:
        """Return the flow's parameters."""
        return set(self._parameters())

    @_until_changed
    def _parameters(self) -> set[Parameter]:
        return {task for task in self.graph.tasks() if isinstance(task, Parameter)}

    def get_tasks(
        self,
        name: str | None = None,
        slug: str | None = None,
        tags: Iterable[str] | None = None,
        task_type: type[Task] | None = None,
    ) -> list[Task]:
        """Return the tasks that answer to everything that is given, in the order of insertion."""
        wanted = frozenset(tags or ())
        return [
            task
            for task in self.graph.tasks()
            if (name is None or task.name == name)
            and (slug is None or self.slugs[task] == slug)
            and wanted <= task.tags
            and (task_type is None or isinstance(task, task_type))
        ]

    def sorted_tasks(self, root_tasks: Iterable[Task] | None = None) -> tuple[Task, ...]:
        """Return the tasks so that each comes after those upstream of it; ties as they were added.

        Raises:
            DefinitionError: the tasks depend on each other in a circle.
        """
        return self.graph.sorted_tasks(root_tasks)

    def validate(self) -> None:
        """Check the flow: no cycle, every argument known, given once and not missing.

        Raises:
            DefinitionError: the tasks depend on each other in a circle, or a key is given twice.
            TypeError: an argument is unknown or missing.
        """
        order = self.graph.sorted_tasks()
        if self._found_valid is order:  # the graph makes a new tuple after each change
            return
        for task in order:
            self._check_arguments(task)
            keys = {e.key for e in self.graph.edges_to(task)} | self.constants.get(task, {}).keys()
            signature = task.run_signature
            missing = signature.required - keys - task.filled_by_engine
            if missing:
                raise TypeError(
                    f"task {task.name!r} misses the argument {', '.join(sorted(missing))}"
                )
        self._found_valid = order

    def _check_arguments(self, task: Task) -> None:
        seen = set(self.constants.get(task, ()))
        for edge in self.graph.edges_to(task):
            if edge.key is None:
                continue
            if edge.key in seen:
                raise DefinitionError(f"task {task.name!r} is given {edge.key!r} twice")
            seen.add(edge.key)
        for key in seen:
            if not task.run_signature.accepts(key):
                raise TypeError(f"task {task.name!r} takes no argument {key!r}")

    def __iter__(self) -> Iterator[Task]:
        return iter(self.sorted_tasks())
