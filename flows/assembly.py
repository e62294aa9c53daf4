"""Putting a flow together: tasks, edges, dependencies; joining flows; exchanging a task."""

import itertools
import warnings
from collections.abc import Iterable, Mapping

from nemflow.errors import DefinitionError
from nemflow.flows.lookup import Lookup
from nemflow.flows.parameters import Parameter
from nemflow.results.base import Result
from nemflow.tasks.annotations import read_annotation
from nemflow.tasks.base import Task
from nemflow.tasks.blocks import open_blocks
from nemflow.tasks.containers import Constant, as_task, holds_task
from nemflow.tasks.edges import Edge


class Assembly(Lookup):
    """How a flow is built; ``Flow`` adds how it runs.

    Args:
        name: what the flow is called, for messages.
        result: the result of tasks that declare none.
        validate: check each edge when it is added, cycles included.
    """

    def __init__(self, name: str, result: Result | None, validate: bool) -> None:
        super().__init__()
        self.name = name
        self.result = result
        self.eager_validation = validate
        self.goal: Task | None = None
        self._slug_owners: dict[str, Task] = {}
        self._slug_counts: dict[str, int] = {}
        self._created: dict[Task, None] = {}

    def note_created(self, task: Task, copied_from: Task | None = None) -> None:
        """Hear that a task was made inside the block, so that a forgotten one can be named.

        The copy stands for the task it was made from: ``Add()(1, 2)`` adds a copy of ``Add()``.
        """
        if copied_from is not None:
            self._created.pop(copied_from, None)
            if copied_from in self.graph and self._has_neighbours(copied_from):
                warnings.warn(
                    f"the copy of {copied_from.name!r} does not take over the dependencies that "
                    f"it has in the flow {self.name!r}",
                    stacklevel=4,
                )
        self._created[task] = None

    def _has_neighbours(self, task: Task) -> bool:
        return bool(self.graph.edges_to(task) or self.graph.edges_from(task))

    def add_task(self, task: Task) -> Task:
        """Add a task; adding it twice changes nothing.

        Raises:
            TypeError: that is no task.
            DefinitionError: its slug is taken.
        """
        if not isinstance(task, Task):
            raise TypeError(f"a flow takes tasks, not {task!r}; call the task class first")
        if task not in self.graph:
            self.slugs[task] = self._make_slug(task)
            self._slug_owners[self.slugs[task]] = task
            self.graph.add_task(task)
            self._created.pop(task, None)
            if not isinstance(task, (Parameter, Constant)):
                for block in open_blocks():
                    block.note(task, self)
        return task

    def _make_slug(self, task: Task) -> str:
        if task.slug is not None:
            if task.slug in self._slug_owners:
                kind = "parameter" if isinstance(task, Parameter) else "task with the slug"
                raise DefinitionError(f"flow {self.name!r} has a {kind} {task.slug!r} already")
            return task.slug
        prefix = "-".join([task.name, *sorted(task.tags)])
        count = self._slug_counts.get(prefix, 0) + 1
        while (slug := f"{prefix}-{count}") in self._slug_owners:
            count += 1
        self._slug_counts[prefix] = count
        return slug

    def add_edge(
        self,
        upstream_task: Task,
        downstream_task: Task,
        key: str | None = None,
        mapped: bool = False,
        flattened: bool = False,
        validate: bool | None = None,
    ) -> Edge:
        """Join two tasks, adding those that are not in the flow yet.

        Raises:
            DefinitionError: a parameter cannot have anything upstream; with validation also: the key
                is taken, or the edge closes a cycle.
            TypeError: with validation: ``run`` takes no argument of that name.
        """
        edge = Edge(upstream_task, downstream_task, key, mapped, flattened)
        below = edge.downstream_task
        if isinstance(below, Parameter):
            raise DefinitionError(
                f"parameter {below.name!r} cannot depend on a task: its value is given"
            )
        self.add_task(edge.upstream_task)
        self.add_task(below)
        self.graph.add_edge(edge)
        if self.eager_validation if validate is None else validate:
            self._check_arguments(below)
            self.graph.sorted_tasks()
        return edge

    def chain(self, *tasks: Task, validate: bool | None = None) -> list[Edge]:
        """Make each task depend on the one before it; return the edges."""
        pairs = itertools.pairwise(tasks)
        return [self.add_edge(first, then, validate=validate) for first, then in pairs]

    def set_dependencies(
        self,
        task: object,
        upstream_tasks: Iterable[object] | None = None,
        downstream_tasks: Iterable[object] | None = None,
        keyword_tasks: Mapping[str, object] | None = None,
        mapped: bool = False,
        validate: bool | None = None,
    ) -> None:
        """Join a task with its neighbours; values that are no tasks become constants.

        Args:
            task: the task in the middle.
            upstream_tasks: those that come first, without handing on their results.
            downstream_tasks: those that come after it; mapped only where annotated so.
            keyword_tasks: those whose results become arguments of ``task``, by name.
            mapped: whether ``task`` runs once per element of what comes from upstream.
            validate: check now instead of when the block ends.
        """
        middle = self.add_task(as_task(task, self))
        for annotated in upstream_tasks or ():
            value, is_mapped, is_flat = read_annotation(annotated, mapped)
            self.add_edge(as_task(value, self), middle, None, is_mapped, is_flat, validate)
        for annotated in downstream_tasks or ():
            value, is_mapped, is_flat = read_annotation(annotated, False)
            self.add_edge(middle, as_task(value, self), None, is_mapped, is_flat, validate)
        for key, annotated in (keyword_tasks or {}).items():
            value, is_mapped, is_flat = read_annotation(annotated, mapped)
            if is_mapped or is_flat or (holds_task(value) and type(value) is not Constant):
                upstream = as_task(value, self)
                self.add_edge(upstream, middle, key, is_mapped, is_flat, validate)
            else:
                value = value.value if isinstance(value, Constant) else value
                self.constants.setdefault(middle, {})[key] = value
                self._found_valid = None

    def set_reference_tasks(self, tasks: Iterable[Task]) -> None:
        """Say which tasks' states make the flow's state; none means the terminal tasks again.

        Raises:
            DefinitionError: a task is not in the flow.
        """
        chosen = tuple(tasks)
        for task in chosen:
            self.graph.edges_to(task)
        self._reference_tasks = chosen

    def set_goal(self, task: Task) -> None:
        """Say which task's target makes a whole run unnecessary.

        A run looks for the goal's target before anything else: if it is there, no task runs; if not,
        the run holds the target's lock from start to end, so that two processes never do the same
        work. The target's template may use the flow's parameters, constants and the run's own keys.

        Raises:
            DefinitionError: the task is not in the flow, or has no target and result.
        """
        self.graph.edges_to(task)
        if task.target is None or (task.result or self.result) is None:
            raise DefinitionError(
                f"task {task.name!r} cannot be a goal: it has no target and result"
            )
        self.goal = task

    def update(
        self,
        flow: "Assembly",
        merge_parameters: bool = False,
        validate: bool | None = None,
        merge_reference_tasks: bool = False,
    ) -> None:
        """Add the tasks, edges and constants of another flow.

        Args:
            flow: the other flow.
            merge_parameters: where both have a parameter of one name, use this flow's.
            validate: check each edge now.
            merge_reference_tasks: let the other's reference tasks count in this flow too.

        Raises:
            DefinitionError: both have a parameter or slug of one name.
        """
        own = {parameter.name: parameter for parameter in self.parameters()}
        stands_for: dict[Task, Task] = {}
        if merge_parameters:
            stands_for = {p: own[p.name] for p in flow.parameters() if p.name in own}
        references = self.reference_tasks() | flow.reference_tasks()
        for task in flow.graph.tasks():
            if task not in stands_for:
                self.add_task(task)
        for edge in flow.graph.edges():
            upstream = stands_for.get(edge.upstream_task, edge.upstream_task)
            self.add_edge(
                upstream, edge.downstream_task, edge.key, edge.mapped, edge.flattened, validate
            )
        for task, constants in flow.constants.items():
            self.constants.setdefault(task, {}).update(constants)
        self._found_valid = None
        if merge_reference_tasks:
            self.set_reference_tasks(stands_for.get(task, task) for task in references)

    def replace(self, old: Task, new: object, validate: bool = True) -> None:
        """Put another task, or a value, in the place of a task: its edges lead there from now on.

        Raises:
            DefinitionError: the old task is not in the flow.
        """
        self.graph.edges_to(old)
        fresh = Assembly(self.name, self.result, validate=False)
        task = as_task(new, fresh)

        def renamed(other: Task) -> Task:
            return task if other is old else other

        for other in self.graph.tasks():
            fresh.add_task(renamed(other))
        for edge in self.graph.edges():
            ends = renamed(edge.upstream_task), renamed(edge.downstream_task)
            fresh.add_edge(*ends, edge.key, edge.mapped, edge.flattened)
        kept = {t: dict(c) for t, c in self.constants.items() if t is not old}
        constants = {**fresh.constants, **kept}  # fresh: of a collection that was made a task
        references = tuple(renamed(other) for other in self._reference_tasks)
        if validate:
            fresh.constants = constants
            fresh.validate()
        self.graph, self.slugs = fresh.graph, fresh.slugs
        self._slug_owners, self._slug_counts = fresh._slug_owners, fresh._slug_counts
        self.constants, self._reference_tasks = constants, references
        self.goal = None if self.goal is old else self.goal
