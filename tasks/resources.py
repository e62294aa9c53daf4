"""Resource managers: something that is set up before some tasks and cleaned up after them.

::

    @resource_manager
    class Cluster:
        def __init__(self, workers): ...
        def setup(self): return ...      # what the tasks get; optional
        def cleanup(self, cluster): ...  # runs whether the tasks failed or not

    with Flow("work") as flow:
        with Cluster(workers=4) as cluster:
            train(cluster)

Cleanup runs if init and setup succeeded, whatever became of the tasks in between; it is skipped when
they failed or were skipped, and it never counts for the flow's state.
"""

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from nemflow.errors import DefinitionError
from nemflow.tasks import signals
from nemflow.tasks.base import Task
from nemflow.tasks.blocks import Block, enter_block, leave_block
from nemflow.tasks.context import FlowBuilder, open_flow
from nemflow.tasks.decorator import FunctionTask
from nemflow.tasks.edges import Edge
from nemflow.tasks.states import State


class ResourceInit(FunctionTask[..., Any]):
    """Makes the manager."""


class ResourceSetup(Task):
    """Sets the resource up."""

    def run(self, manager: Any) -> Any:
        """Return what the tasks get."""
        return manager.setup()


class ResourceCleanup(Task):
    """Cleans up."""

    def run(self, manager: Any, resource: Any = None) -> Any:
        """Clean up after the tasks."""
        return manager.cleanup(resource)


_RESOURCE_KEYS = ("manager", "resource")  # what cleanup gets; all else is upstream of it by state
RESOURCE_TASKS = (ResourceInit, ResourceSetup, ResourceCleanup)


def cleanup_trigger(upstream_states: Mapping[Edge, State]) -> bool:
    """Run when all have finished and the resource is there; skip when it never came to be."""
    for edge, state in upstream_states.items():
        if edge.key in _RESOURCE_KEYS and (state.is_skipped() or state.is_failed()):
            raise signals.SKIP("the resource was not set up: there is nothing to clean up")
    return all(state.is_finished() for state in upstream_states.values())


class ResourceManager:
    """A class whose instances are set up and cleaned up by a flow; made by ``resource_manager``."""

    def __init__(
        self,
        resource_class: Callable[..., Any],
        name: str | None = None,
        init_task_kwargs: Mapping[str, Any] | None = None,
        setup_task_kwargs: Mapping[str, Any] | None = None,
        cleanup_task_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.resource_class = resource_class
        self.name = name or resource_class.__name__
        self.options = {
            "init": dict(init_task_kwargs or {}),
            "setup": {"checkpoint": False, **(setup_task_kwargs or {})},
            "cleanup": {"checkpoint": False, **(cleanup_task_kwargs or {})},
        }

    def __call__(
        self, *arguments: Any, flow: FlowBuilder | None = None, **keywords: Any
    ) -> "Resource":
        """Return the block in which the resource is there.

        Raises:
            DefinitionError: there is no open flow.
        """
        building = flow or open_flow()
        if building is None:
            raise DefinitionError(f"{self.name}(...) belongs inside `with Flow(...)`")
        init = ResourceInit(self.resource_class, name=f"{self.name}.init", **self.options["init"])
        init.bind(*arguments, flow=building, **keywords)
        setup: Task | None = None
        if hasattr(self.resource_class, "setup"):
            setup = ResourceSetup(name=f"{self.name}.setup", **self.options["setup"])
            setup.bind(init, flow=building)
        options = {
            "trigger": cleanup_trigger,
            "skip_on_upstream_skip": False,
            **self.options["cleanup"],
        }
        cleanup = ResourceCleanup(name=f"{self.name}.cleanup", **options)
        cleanup.bind(init, *([] if setup is None else [setup]), flow=building)
        return Resource(init, setup, cleanup, building)


class Resource(Block):
    """The ``with`` block in which a resource is there; gives the setup task, if there is one."""

    def __init__(self, init: Task, setup: Task | None, cleanup: Task, flow: FlowBuilder) -> None:
        self.init = init
        self.setup = setup
        self.cleanup = cleanup
        self.flow = flow
        self._captured: dict[Task, None] = {}

    def note(self, task: Task, flow: FlowBuilder) -> None:
        """Hear of a task that was added inside the block."""
        self._captured[task] = None

    def __enter__(self) -> Task | None:
        self._token = enter_block(self)
        return self.setup

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        leave_block(self._token)
        if error is not None:
            return
        begin = self.setup or self.init
        for task in self._captured:
            if not self._is_joined(self.flow.upstream_tasks(task)):
                task.set_upstream(begin, flow=self.flow)
        for task in self._captured:
            if not self._is_joined(self.flow.downstream_tasks(task)):
                self.cleanup.set_upstream(task, flow=self.flow)

    def _is_joined(self, neighbours: Iterable[Task]) -> bool:
        """Tell whether a task has a neighbour inside the block, or is joined with its ends."""
        ends = {self.setup or self.init, self.cleanup}
        return any(task in self._captured or task in ends for task in neighbours)


def resource_manager(
    resource_class: Callable[..., Any] | None = None, **options: Any
) -> ResourceManager | Callable[[Callable[..., Any]], ResourceManager]:
    """Make a resource manager of a class with ``cleanup`` and perhaps ``setup``."""
    if resource_class is None:
        return lambda wrapped: ResourceManager(wrapped, **options)
    return ResourceManager(resource_class, **options)
