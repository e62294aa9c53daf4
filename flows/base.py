"""Flow: a graph of tasks, made by calling tasks inside ``with Flow(...)`` or edge by edge.

Making a flow runs nothing. Leaving the ``with`` block checks it: a cycle, an argument that no ``run``
takes, an argument that is missing are errors there, not hours later::

    with Flow("prices") as flow:
        day = Parameter("day")
        load(transform(extract(day)))

    state = flow.run(parameters={"day": "2014-01-01"})
"""

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Token
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from nemflow.errors import DefinitionError
from nemflow.flows.assembly import Assembly
from nemflow.flows.collector import collector
from nemflow.flows.executors.base import Executor
from nemflow.flows.plan import FlowPlan, plan_run
from nemflow.flows.reporter import Reporter
from nemflow.flows.runner import FlowRunner
from nemflow.flows.running import NOT_GIVEN, run_flow, sort_keywords
from nemflow.flows.settings import RunSettings
from nemflow.results.atomic import atomic_path
from nemflow.results.base import Result
from nemflow.tasks.base import Task
from nemflow.tasks.caching import Cache, MemoryCache
from nemflow.tasks.containers import Constant
from nemflow.tasks.context import FlowBuilder, enter_flow, leave_flow, open_flow
from nemflow.tasks.edges import Edge
from nemflow.tasks.options import StateHandler, check_handlers
from nemflow.tasks.states import State

if TYPE_CHECKING:
    from nemflow.flows.schedules.base import Schedule


class Flow(Assembly):
    """A graph of tasks and how they run.

    Args:
        name: what the flow is called.
        schedule: when ``run`` runs it; default once, now.
        executor: where the tasks run; default the LocalExecutor.
        run_config: kept as it is: nothing reads it.
        storage: kept as it is: nothing reads it.
        tasks: tasks to begin with.
        edges: edges to begin with.
        reference_tasks: the tasks whose states make the flow's state; default the terminal tasks.
        state_handlers: called as ``handler(flow, old_state, new_state)``.
        on_failure: called as ``on_failure(flow, state)`` when a run fails.
        validate: check each edge when it is added, cycles included, instead of at the end.
        result: the result of tasks that declare none.
        terminal_state_handler: called as ``handler(flow, state, reference_states)`` at the end of a
            run; may return another state.
        flow_run_name: template for the names of runs, such as ``"{flow_name}_{date:%Y-%m-%d}"``;
            the flow's parameters win over the run's own keys. A callable gets the same keys.

    Raises:
        DefinitionError: the name is empty.
        TypeError: ``state_handlers`` is not a sequence.
    """

    def __init__(
        self,
        name: str,
        schedule: "Schedule | None" = None,
        executor: Executor | None = None,
        run_config: object = None,
        storage: object = None,
        tasks: Iterable[Task] | None = None,
        edges: Iterable[Edge] | None = None,
        reference_tasks: Iterable[Task] | None = None,
        state_handlers: Sequence[StateHandler] | None = None,
        on_failure: Callable[..., Any] | None = None,
        validate: bool | None = None,
        result: Result | None = None,
        terminal_state_handler: Callable[..., State | None] | None = None,
        flow_run_name: str | Callable[..., str] | None = None,
    ) -> None:
        if not name:
            raise DefinitionError("a flow needs a name")
        super().__init__(name, result, bool(validate))
        self.schedule = schedule
        self.executor = executor
        self.run_config = run_config
        self.storage = storage
        self.state_handlers = check_handlers(state_handlers, on_failure)
        self.terminal_state_handler = terminal_state_handler
        self.flow_run_name = flow_run_name
        self.cache: Cache = MemoryCache()
        self._tokens: list[Token[FlowBuilder | None]] = []
        for task in tasks or ():
            self.add_task(task)
        for edge in edges or ():
            self.add_edge(
                edge.upstream_task, edge.downstream_task, edge.key, edge.mapped, edge.flattened
            )
        self.set_reference_tasks(reference_tasks or ())

    # Building

    def __enter__(self) -> Self:
        self._tokens.append(enter_flow(self))
        collector.slow_down()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        leave_flow(self._tokens.pop())
        collector.restore()
        if error is not None or self._tokens:
            return
        self.validate()
        forgotten = [
            t for t in self._created if t not in self.graph and not isinstance(t, Constant)
        ]
        self._created.clear()
        if forgotten:
            names = ", ".join(sorted({task.name for task in forgotten}))
            warnings.warn(
                f"made inside the flow {self.name!r} but not added to it: {names}; "
                "call the task, or add it with flow.add_task",
                stacklevel=2,
            )

    def copy(self) -> "Flow":
        """Return a copy that shares the tasks and has collections of its own."""
        new = type(self).__new__(type(self))
        new.__dict__.update(self.__dict__)
        Assembly.__init__(new, self.name, self.result, self.eager_validation)
        new._tokens = []
        new.update(self)
        new.set_reference_tasks(self._reference_tasks)
        new.goal = self.goal
        return new

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the flow to a file, by cloudpickle; return the path.

        Raises:
            OSError: the file cannot be written.
        """
        import cloudpickle  # type: ignore[import-untyped]  # no stubs; heavy, and few flows are saved

        with atomic_path(path) as temporary:
            temporary.write_bytes(cloudpickle.dumps(self))
        return os.fspath(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Flow":
        """Read a flow that ``save`` wrote. Load only files that you trust: they can run anything.

        Raises:
            OSError: the file cannot be read.
            TypeError: it holds something else.
        """
        import cloudpickle  # as above

        with open(path, "rb") as file:
            flow = cloudpickle.load(file)
        if not isinstance(flow, Flow):
            raise TypeError(f"{os.fspath(path)} holds no flow but {type(flow).__name__}")
        return flow

    def __getstate__(self) -> dict[str, Any]:
        own = {key: value for key, value in self.__dict__.items() if key != "_version"}
        return {**own, "_tokens": [], "_created": {}}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Flow):
            return NotImplemented
        return (
            self.name == other.name
            and self.tasks == other.tasks
            and self.edges == other.edges
            and self.reference_tasks() == other.reference_tasks()
        )

    def __repr__(self) -> str:
        return f'<Flow: name="{self.name}">'

    @property
    def version(self) -> str:
        """What tells this flow's structure and the code of its tasks from others; eight bytes in hex.

        Comments, docstrings and layout do not count. Worked out when it is first asked for.
        """
        shape = (tuple(self.graph.tasks()), tuple(self.graph.edges()), self.goal)
        known: tuple[object, str] | None = self.__dict__.get("_version")
        if known is None or known[0] != shape:
            from nemflow.flows.version import flow_version  # only what keeps records needs it

            known = (shape, flow_version(self))
            self.__dict__["_version"] = known
        return known[1]

    # Running

    def run(
        self,
        parameters: Mapping[str, object] | None = None,
        run_on_schedule: bool | None = None,
        runner_cls: type[FlowRunner] | None = None,
        *,
        executor: Executor | None = NOT_GIVEN,
        reporter: Reporter | None = NOT_GIVEN,
        context: Mapping[str, object] | None = NOT_GIVEN,
        state: State | None = NOT_GIVEN,
        task_states: Mapping[Task, State] | None = NOT_GIVEN,
        task_contexts: Mapping[Task, Mapping[str, object]] | None = NOT_GIVEN,
        task_runner_state_handlers: Iterable[StateHandler] | None = NOT_GIVEN,
        flow_run_id: str | None = NOT_GIVEN,
        flow_run_name: str | None = NOT_GIVEN,
        force: bool = NOT_GIVEN,
        settings: RunSettings | None = NOT_GIVEN,
        cache: Cache | None = NOT_GIVEN,
        catchup: bool = NOT_GIVEN,
        since: datetime | None = NOT_GIVEN,
        **more_parameters: object,
    ) -> State:
        """Run the flow until nothing is left to do, retries included; on its schedule if it has one.

        On a schedule this sleeps to each event and runs, until the events end or SIGTERM or Ctrl-C
        comes. The parameters of an event's clock win over those given here; each run has an id and a
        name of its own.

        Where a task pauses and a person sits at a terminal, they are asked whether it goes on.

        A keyword with the name of one of the flow's parameters is that parameter.

        Args:
            parameters: values of the flow's parameters.
            run_on_schedule: False runs a flow with a schedule once, now.
            runner_cls: runs the flow; default FlowRunner.
            executor: where the tasks run; default the flow's, else the LocalExecutor.
            reporter: hears of every change of state.
            context: keys for ``nemflow.context`` and templates; ``date`` sets the run's dates.
            state: where the flow run starts: of one that paused, the tasks go on from their states.
            task_states: states of tasks to start from; finished tasks do not run again.
            task_contexts: more keys of the context, for single tasks and their mapped children.
            task_runner_state_handlers: called after every task's own state handlers.
            flow_run_id: what identifies the run; default made up.
            flow_run_name: what the run is called; default by the flow's template.
            force: make targets again though they exist; the old ones stay until the new are whole.
            settings: how results and targets are treated; default as the environment says.
            cache: where the values of tasks with ``cache_for`` are kept; default with the flow, in
                this process.
            catchup: run the events that passed while a run was busy, or since ``since``, afterwards.
            since: with ``catchup``: the moment after which an event counts as missed.
            more_parameters: parameters as keyword arguments.

        Returns the flow run's state, on a schedule that of the last run; its ``result`` maps every
        task to its state.

        Raises:
            ParameterError: unknown or missing parameters; nothing has run then.
            DefinitionError: called inside the flow's own ``with`` block, or the flow is not valid.
        """
        if open_flow() is not None:
            raise DefinitionError(
                "a flow cannot be run inside `with Flow(...)`: leave the block first"
            )
        keywords = {
            "executor": executor,
            "reporter": reporter,
            "context": context,
            "state": state,
            "task_states": task_states,
            "task_contexts": task_contexts,
            "task_runner_state_handlers": task_runner_state_handlers,
            "flow_run_id": flow_run_id,
            "flow_run_name": flow_run_name,
            "force": force,
            "settings": settings,
            "cache": cache,
            "catchup": catchup,
            "since": since,
        }
        options, named = sort_keywords(self, keywords, more_parameters)
        runner = (runner_cls or FlowRunner)(self)
        return run_flow(
            self, runner, {**(parameters or {}), **named}, options, self._schedule(run_on_schedule)
        )

    def _schedule(self, run_on_schedule: bool | None) -> "Schedule | None":
        return None if run_on_schedule is False else self.schedule

    def register(self, *_: object, **__: object) -> NoReturn:
        """Refuse: flows are registered at the command line.

        Raises:
            DefinitionError: always.
        """
        raise DefinitionError(
            f"flow {self.name!r} does not register itself: there is no server; "
            "`nemflow register file.py:flow` registers it, flow.run() runs it"
        )

    def plan(self, parameters: Mapping[str, object] | None = None, force: bool = False) -> FlowPlan:
        """Say what a run would do, from the goal's target; touches nothing.

        Raises:
            ParameterError: unknown or missing parameters.
        """
        return plan_run(self, parameters or {}, force)

    # Seeing

    def visualize(
        self,
        flow_state: State | None = None,
        filename: str | None = None,
        format: str | None = None,  # noqa: A002  # Prefect's name
        horizontal: bool = False,
    ) -> Any:
        """Draw the flow with Graphviz, and show it unless it goes to a file.

        An ellipse is a task, a box a mapped one, a dashed arrow hands over elements one by one. In a
        notebook the picture is what the call returns.

        Args:
            flow_state: what a run returned: tasks get the colours of their states, mapped ones a box
                for each child.
            filename: where the picture is written; nothing is shown then.
            format: such as ``"png"``; default as the file's name ends, else PDF.
            horizontal: from left to right instead of from top to bottom.

        Returns a ``graphviz.Digraph``.

        Raises:
            ImportError: the package graphviz is not there.
            NemflowError: the program ``dot`` is not there, or nothing to show pictures with.
            TypeError: the state is not that of a flow run.
        """
        from nemflow.flows.rendering import show_picture  # only who looks at a flow needs it

        states = None if flow_state is None else flow_state.result
        if states is not None and not isinstance(states, Mapping):
            raise TypeError(f"{flow_state!r} is no state that a run of a flow returned")
        return show_picture(self, states, filename, format, horizontal)
