"""What a flow is to those who run it, plan it or draw it: its parts, without its building methods."""

from collections.abc import Callable, Mapping
from typing import Protocol

from nemflow.flows.executors.base import Executor
from nemflow.flows.graph import Graph
from nemflow.flows.parameters import Parameter
from nemflow.results.base import Result
from nemflow.tasks.base import Task
from nemflow.tasks.caching import Cache
from nemflow.tasks.options import StateHandler
from nemflow.tasks.states import State


class Blueprint(Protocol):
    """The parts of a flow; ``Flow`` says what each means."""

    @property
    def name(self) -> str:
        """What the flow is called."""

    @property
    def graph(self) -> Graph:
        """Its tasks and edges."""

    @property
    def constants(self) -> Mapping[Task, Mapping[str, object]]:
        """Arguments that are no tasks, by task and name."""

    @property
    def slugs(self) -> Mapping[Task, str]:
        """What identifies each task in the flow."""

    @property
    def goal(self) -> Task | None:
        """The task whose target makes a run unnecessary."""

    @property
    def result(self) -> Result | None:
        """The result of tasks that declare none."""

    @property
    def cache(self) -> Cache:
        """Where the values of tasks with ``cache_for`` are kept by default."""

    @property
    def executor(self) -> Executor | None:
        """Where the tasks run by default."""

    @property
    def state_handlers(self) -> tuple[StateHandler, ...]:
        """Called at each change of the flow run's state."""

    @property
    def terminal_state_handler(self) -> Callable[..., State | None] | None:
        """Called at the end of a run; may return another state."""

    @property
    def flow_run_name(self) -> str | Callable[..., str] | None:
        """The template of the names of runs."""

    @property
    def version(self) -> str:
        """What tells this structure and code from others."""

    def parameters(self) -> set[Parameter]:
        """The flow's parameters."""

    def reference_tasks(self) -> set[Task]:
        """The tasks whose states make the flow's state."""

    def terminal_tasks(self) -> set[Task]:
        """The tasks with nothing downstream."""

    def validate(self) -> None:
        """Check the flow."""
