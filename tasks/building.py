"""How tasks are put into a flow: calling, binding, mapping, chaining, setting dependencies.

A mixin for ``Task``; nothing here runs anything. Each method takes the flow as an argument or finds the
open ``with Flow(...)`` block.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Self

from nemflow.errors import DefinitionError
from nemflow.tasks.annotations import Annotation
from nemflow.tasks.context import FlowBuilder, open_flow
from nemflow.tasks.operators import Operators
from nemflow.tasks.signature import RunSignature


class Building(Operators):
    """What a task can do while a flow is built."""

    name: str

    @property
    @abstractmethod
    def run_signature(self) -> RunSignature:
        """The parameters of ``run``."""

    @property
    @abstractmethod
    def filled_by_engine(self) -> frozenset[str]:
        """The names of ``run``'s arguments that the engine fills itself."""

    @abstractmethod
    def copy(self, **task_args: Any) -> Self:
        """Return a copy with other options."""

    def __call__(
        self,
        *arguments: object,
        mapped: bool = False,
        task_args: Mapping[str, object] | None = None,
        upstream_tasks: Iterable[object] | None = None,
        flow: FlowBuilder | None = None,
        **keywords: object,
    ) -> Self:
        """Add a copy of this task to the open flow, joined with the tasks among the arguments.

        Raises:
            DefinitionError: there is no open flow.
            TypeError: the arguments do not fit ``run``.
        """
        return self.copy(**(task_args or {})).bind(
            *arguments, mapped=mapped, upstream_tasks=upstream_tasks, flow=flow, **keywords
        )

    def bind(
        self,
        *arguments: object,
        mapped: bool = False,
        upstream_tasks: Iterable[object] | None = None,
        flow: FlowBuilder | None = None,
        **keywords: object,
    ) -> Self:
        """Do what calling does, with this very task instead of a copy.

        Raises:
            DefinitionError: there is no open flow.
            TypeError: the arguments do not fit ``run``.
        """
        bound = self.run_signature.bind(self.name, arguments, keywords, self.filled_by_engine)
        building = flow or self._open_flow("call")
        building.set_dependencies(
            self, upstream_tasks=upstream_tasks, keyword_tasks=bound, mapped=mapped
        )
        return self

    def map(
        self,
        *arguments: object,
        task_args: Mapping[str, object] | None = None,
        upstream_tasks: Iterable[object] | None = None,
        flow: FlowBuilder | None = None,
        **keywords: object,
    ) -> Self:
        """Add a copy of this task that runs once per element of its arguments.

        Wrap an argument in ``unmapped`` to pass it whole to every child.

        Raises:
            DefinitionError: there is no open flow.
            TypeError: the arguments do not fit ``run``, or one has no elements.
        """
        for argument in (*arguments, *keywords.values()):
            if not _can_be_mapped(argument):
                raise TypeError(
                    f"cannot map {self.name!r} over {argument!r}: it has no elements; "
                    "wrap it in unmapped(...) to pass it to every child"
                )
        new = self.copy(**(task_args or {}))
        new.nout = None
        return new.bind(
            *arguments, mapped=True, upstream_tasks=upstream_tasks, flow=flow, **keywords
        )

    def pipe(self, task: Any, **keywords: object) -> Any:
        """Return ``task(self, **keywords)``, for chains that read from left to right."""
        return task(self, **keywords)

    def set_upstream(
        self,
        task: object,
        flow: FlowBuilder | None = None,
        key: str | None = None,
        mapped: bool = False,
    ) -> Self:
        """Make this task depend on another (or on any value, which becomes a task)."""
        building = flow or self._open_flow("set dependencies of")
        if key is None:
            building.set_dependencies(self, upstream_tasks=[task], mapped=mapped)
        else:
            building.set_dependencies(self, keyword_tasks={key: task}, mapped=mapped)
        return self

    def set_downstream(
        self,
        task: "Building",
        flow: FlowBuilder | None = None,
        key: str | None = None,
        mapped: bool = False,
    ) -> Self:
        """Make another task depend on this one."""
        building = flow or self._open_flow("set dependencies of")
        task.set_upstream(self, flow=building, key=key, mapped=mapped)
        return self

    def set_dependencies(
        self,
        flow: FlowBuilder | None = None,
        upstream_tasks: Iterable[object] | None = None,
        downstream_tasks: Iterable[object] | None = None,
        keyword_tasks: Mapping[str, object] | None = None,
        mapped: bool = False,
        validate: bool | None = None,
    ) -> Self:
        """Join this task with its neighbours on both sides."""
        building = flow or self._open_flow("set dependencies of")
        building.set_dependencies(
            self, upstream_tasks, downstream_tasks, keyword_tasks, mapped, validate
        )
        return self

    def _depend(self, first: object, then: object) -> Any:
        self._open_flow("chain").set_dependencies(then, upstream_tasks=[first])
        return then

    def _open_flow(self, what: str) -> FlowBuilder:
        building = open_flow()
        if building is None:
            raise DefinitionError(
                f"cannot {what} task {self.name!r} outside of a flow: "
                "use it inside `with Flow(...)`, pass flow=, or call its run(...)"
            )
        return building


def _can_be_mapped(argument: object) -> bool:
    """Tell whether an argument is a task, is annotated, or has elements by number."""
    return isinstance(argument, (Building, Annotation)) or hasattr(argument, "__getitem__")
