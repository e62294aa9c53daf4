"""Edges: what joins two tasks of a flow.

An edge with a ``key`` is a data dependency: the upstream result becomes that keyword argument of the
downstream task's ``run``. An edge without is a state dependency: only the order and the state matter.
"""

from keyword import iskeyword
from typing import Any, Protocol

from nemflow.errors import DefinitionError
from nemflow.tasks.annotations import Annotation, read_annotation


class Node(Protocol):
    """A task, as far as an edge knows it."""

    name: str


class Edge:
    """A directed connection between two tasks.

    Args:
        upstream_task: the task that comes first.
        downstream_task: the task that comes after it.
        key: the argument of the downstream task that gets the result; None for a state dependency.
        mapped: whether the downstream task runs once per element of the result.
        flattened: whether one level of nesting is taken out of the result first.

    An end may be annotated, which wins over ``mapped`` and ``flattened``.

    Raises:
        DefinitionError: both ends are one task, or the key is not an identifier.
    """

    __slots__ = ("_hash", "downstream_task", "flattened", "key", "mapped", "upstream_task")

    def __init__(
        self,
        upstream_task: Any,
        downstream_task: Any,
        key: str | None = None,
        mapped: bool = False,
        flattened: bool = False,
    ) -> None:
        if key is not None and (not key.isidentifier() or iskeyword(key)):
            raise DefinitionError(f"the edge key {key!r} is not the name of an argument")
        if isinstance(upstream_task, Annotation) or isinstance(downstream_task, Annotation):
            upstream_task, mapped, is_flat = read_annotation(upstream_task, mapped)
            downstream_task, mapped, is_flat_too = read_annotation(downstream_task, mapped)
            flattened = flattened or is_flat or is_flat_too
        if upstream_task is downstream_task:
            raise DefinitionError(f"task {upstream_task.name!r} cannot be upstream of itself")
        self.upstream_task = upstream_task
        self.downstream_task = downstream_task
        self.key = key
        self.mapped = mapped
        self.flattened = flattened
        self._hash = hash((upstream_task, downstream_task, key, mapped, flattened))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Edge):
            return False
        return (
            self.upstream_task is other.upstream_task
            and self.downstream_task is other.downstream_task
            and self.key == other.key
            and self.mapped == other.mapped
            and self.flattened == other.flattened
        )

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:
        # Hashes of tasks are identities: a copy in another process has its own.
        fields = (self.upstream_task, self.downstream_task, self.key, self.mapped, self.flattened)
        return (Edge, fields)

    def __repr__(self) -> str:
        key = f" as {self.key}" if self.key else ""
        return f"<Edge: {self.upstream_task.name} to {self.downstream_task.name}{key}>"
