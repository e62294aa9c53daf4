"""One flow run under way: which tasks are ready, which run, which wait for a time.

Driven by events: whatever is ready is handed to the executor; when a call ends, the tasks that
waited for it are counted down; a retry waits in a heap for its time and nothing waits for it::

    ready ──submit──> executor ──completed──> finished: count down what is downstream ──> ready
                                         └──> Retrying: wait in a heap until start_time ──> ready

No more is handed over than the executor has room for: what waits, waits here, in order.

A *node* is what can be handed over: a task, or one child of a mapped task. The children of a mapped
task come into being when its parent has decided how many there are; among what is ready, the child
with the lowest number goes first, so that one element is taken all the way before the next is begun.
"""

import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from nemflow.flows.blueprint import Blueprint
from nemflow.flows.errands import Brought, Errands, explain_not_sent, run_errand
from nemflow.flows.executors.base import CallLost, CallNotSent, Done, Executor
from nemflow.flows.mapped import Children, follows_children
from nemflow.flows.reporter import FlowRunInfo, Reporter, TaskRunInfo
from nemflow.flows.structure import WHOLE, Node, structure_of
from nemflow.results.base import Result
from nemflow.tasks.base import Task
from nemflow.tasks.containers import Constant
from nemflow.tasks.edges import Edge
from nemflow.tasks.handlers import HandlerStopped, call_handlers
from nemflow.tasks.options import StateHandler
from nemflow.tasks.resources import RESOURCE_TASKS
from nemflow.tasks.runner import run_parent, run_task
from nemflow.tasks.secret import SecretBase
from nemflow.tasks.states import (
    Cached,
    Cancelled,
    Failed,
    Mapped,
    Pending,
    Scheduled,
    State,
    Success,
)
from nemflow.tasks.task_run import Listener, RunContext, TaskRun


class Start(NamedTuple):
    """What a flow run begins with.

    Attributes:
        states: states to start from.
        contexts: more keys of the context, by task.
        handlers: called after every task's own state handlers.
        wait: wait for times in the future, retries above all; otherwise such tasks are left.
    """

    states: Mapping[Task, State]
    contexts: Mapping[Task, Mapping[str, object]]
    handlers: tuple[StateHandler, ...]
    wait: bool


class FlowRun:
    """Drives the tasks of one flow run to their ends.

    Args:
        flow: what runs.
        context: what all task runs share.
        info: who runs, for the reporter.
        reporter: hears of every change of state; None for nobody.
        executor: where the tasks run; started.
        start: what it begins with.
    """

    def __init__(
        self,
        flow: Blueprint,
        context: RunContext,
        info: FlowRunInfo,
        reporter: Reporter | None,
        executor: Executor,
        start: Start,
    ) -> None:
        self.flow = flow
        self.slugs = flow.slugs
        self.constants = flow.constants
        self.context = context
        self.info = info
        self.reporter = reporter
        self.executor = executor
        self.handlers = start.handlers
        self.wait = start.wait
        structure = structure_of(flow.graph)
        self.structure = structure
        self.order = structure.order
        self.place = structure.place
        self.states: list[State] = [Pending()] * len(self.order)  # one for all: states are values
        for task, state in start.states.items():
            if task in self.place:
                self.states[self.place[task]] = _start_state(task, state)
        self.waits_for = structure.waits_for.copy()
        self.children: dict[int, Children] = {}
        self.settled = [
            place
            for place, state in enumerate(self.states if start.states else ())
            if _is_settled(state)
        ]
        self.ready: list[Node] = []
        settled = set(self.settled)
        self.roots = [place for place in reversed(structure.roots) if place not in settled]
        self.retries: list[tuple[datetime, Node]] = []
        self.running: set[Node] = set()
        self.errands = Errands(context)
        self.contexts = {task: context.with_keys(keys) for task, keys in start.contexts.items()}

    def drive(self) -> None:
        """Run until nothing is left that can be done."""
        roots, ready, running, executor = self.roots, self.ready, self.running, self.executor
        nodes = self.structure.nodes
        for place in self.settled:
            self._count_down(place)
        while roots or ready or running or self.retries:
            while (roots or ready) and len(running) < executor.room:
                self._submit(self._next_ready() if ready else nodes[roots.pop()])
            if running or self.retries:
                until = self._time_to_next_retry() if self.retries else None
                self._take(executor.completed(until))
            if self.retries:
                self._wake_retries()

    # Handing over

    def _next_ready(self) -> Node:
        """Take the first in order of what was ready from the start and what has become ready."""
        if self.roots and not (self.ready and self.ready[0] < (0, self.roots[-1])):
            return self.structure.nodes[self.roots.pop()]
        return heapq.heappop(self.ready)

    def _submit(self, node: Node) -> None:
        _, place, child = node
        if child == WHOLE:
            if not self.structure.is_handed_over[place]:
                self._settle(node, self._settled_here(node))
                return
            state: State | None = self.states[place]
        else:
            state = self._state_of(node)
        self.running.add(node)
        run = self._task_run(node)
        listener = self.reporter and _Listener(self.reporter, self.info, self.task_info(node))
        if self.executor.shares_memory:
            self.executor.submit(node, run_task, run, state, self.handlers, listener)
        else:
            errand = self.errands.prepare(run)
            self.executor.submit(node, run_errand, errand, state, self.handlers, listener)

    def _settled_here(self, node: Node) -> State:
        """Return the state of a constant, known since the flow was made, or of a mapped parent."""
        task = self.order[node.place]
        if isinstance(task, Constant):
            return Success("known beforehand", result=Result(task.value))
        return run_parent(self._task_run(node), self.states[node.place], self.handlers)

    def _task_run(self, node: Node) -> TaskRun:
        _, place, child = node
        task = self.order[place]
        upstream_states: dict[Edge, State] = {}
        children = None if child == WHOLE else self.children[place]
        for edge in self.structure.edges_to[place]:
            state = self.states[self.place[edge.upstream_task]]
            if children is not None:
                state = children.upstream_state(edge, state, child)
            upstream_states[edge] = state
        map_index = None if children is None else child
        context = self.contexts.get(task, self.context) if self.contexts else self.context
        run = TaskRun(task, upstream_states, context, self.slugs[task], map_index)
        constants = self.constants.get(task)
        if constants:
            run.inputs.update(constants)
        if children is not None:
            run.wholes = children.wholes
        return run

    def _state_of(self, node: Node) -> State | None:
        state = self.states[node.place]
        if node.child == WHOLE:
            return state
        assert isinstance(state, Mapped)
        return state.map_states[node.child]

    # Taking back

    def _take(self, ended: list[Done]) -> None:
        for node, outcome, error in ended:
            self.running.discard(node)
            if error is not None:
                if not isinstance(error, CallLost):
                    raise error
                outcome = self._lost(node, error)
            elif isinstance(outcome, Brought):
                outcome = self.errands.take_in(outcome)
            self._settle(node, outcome)

    def _lost(self, node: Node, error: CallLost) -> State:
        """Return the state of a task whose run did not come back, after its handlers."""
        run = self._task_run(node)
        words = explain_not_sent(run) if isinstance(error, CallNotSent) else str(error)
        failed = Failed(f"task {run.full_name!r}: {words}", result=error)
        try:
            before = self._state_of(node) or Pending()
            handlers = (*run.task.state_handlers, *self.handlers)
            return call_handlers(handlers, run.task, before, failed)
        except HandlerStopped as stopped:
            return stopped.state

    def _settle(self, node: Node, state: State) -> None:
        _, place, child = node
        if child == WHOLE:
            self.states[place] = state
        else:
            self.children[place].parent.map_states[child] = state
        if self.reporter is not None:
            self.reporter.task_run_changed(self.info, self.task_info(node), state)
        if state.is_finished():
            if child != WHOLE:
                self._child_finished(node)
            elif self.structure.is_mapped[place] and isinstance(state, Mapped):
                self._make_children(place, state)
            elif self.structure.below[place]:
                self._count_down(place)
        elif isinstance(state, Scheduled) and state.start_time is not None and self.wait:
            heapq.heappush(self.retries, (state.start_time, node))

    def _count_down(self, place: int, after_children: bool | None = None) -> None:
        """Count down the tasks downstream of one that has got so far.

        Args:
            place: the task.
            after_children: True for those that wait for its children, False for those that follow its
                children one by one, None for all.
        """
        waiting: Iterable[int] = self.structure.below[place]
        if after_children is not None:
            edges = self.flow.graph.edges_from(self.order[place])
            some = [edge for edge in edges if follows_children(edge) != after_children]
            waiting = [self.place[edge.downstream_task] for edge in some]
        for below in waiting:
            self.waits_for[below] -= 1
            if self.waits_for[below] == 0 and not _is_settled(self.states[below]):
                heapq.heappush(self.ready, self.structure.nodes[below])

    # Children

    def _make_children(self, place: int, parent: Mapped) -> None:
        children = self.children[place] = Children(parent, {})
        for edge in self.structure.edges_to[place]:
            above = self.children.get(self.place[edge.upstream_task])
            if above is not None and follows_children(edge):
                for child in range(parent.n_map_states):
                    upstream = above.parent.map_states[child]
                    if upstream is None or not upstream.is_finished():
                        children.waits_for[child] += 1
        self._count_down(place, after_children=False)
        for child, state in enumerate(parent.map_states):
            node = Node(child, place, child)
            if state is not None and _is_settled(state):
                self._child_finished(node)
            elif children.waits_for[child] == 0:
                heapq.heappush(self.ready, node)
        if not parent.map_states:
            self._count_down(place, after_children=True)

    def _child_finished(self, node: Node) -> None:
        for edge in self.flow.graph.edges_from(self.order[node.place]):
            place = self.place[edge.downstream_task]
            below = self.children.get(place)
            if below is None or not follows_children(edge) or node.child >= len(below.waits_for):
                continue
            below.waits_for[node.child] -= 1
            known = below.parent.map_states[node.child]
            if below.waits_for[node.child] == 0 and not (known and _is_settled(known)):
                heapq.heappush(self.ready, Node(node.child, place, node.child))
        children = self.children[node.place]
        children.unfinished -= 1
        if children.unfinished == 0:
            self._count_down(node.place, after_children=True)

    # Waiting

    def _time_to_next_retry(self) -> float:
        return max(0.0, (self.retries[0][0] - self.context.now()).total_seconds())

    def _wake_retries(self) -> None:
        while self.retries and self.retries[0][0] <= self.context.now():
            heapq.heappush(self.ready, heapq.heappop(self.retries)[1])

    # Telling

    def task_info(self, node: Node) -> TaskRunInfo:
        """Return who runs, for the reporter."""
        task = self.order[node.place]
        index = "" if node.child == WHOLE else f"[{node.child}]"
        return TaskRunInfo(f"{self.flow.slugs[task]}{index}", f"{task.name}{index}")

    def cancel(self) -> None:
        """Say of everything that has not finished that it was cancelled."""
        for place, state in enumerate(self.states):
            if isinstance(state, Mapped):
                for child, known in enumerate(state.map_states):
                    if known is None or not known.is_finished():
                        state.map_states[child] = self._cancelled(Node(child, place, child))
            elif not state.is_finished():
                self.states[place] = self._cancelled(Node(0, place, WHOLE))

    def _cancelled(self, node: Node) -> State:
        state = Cancelled("the flow run was interrupted")
        if self.reporter is not None:
            self.reporter.task_run_changed(self.info, self.task_info(node), state)
        return state

    def by_task(self) -> dict[Task, State]:
        """Return the state of every task."""
        return dict(zip(self.order, self.states, strict=True))


def _start_state(task: Task, given: State) -> State:
    """Return where a task starts; a secret or a resource is needed anew, however it ended before."""
    if given.is_finished() and isinstance(task, (SecretBase, *RESOURCE_TASKS)):
        return Pending()
    return given


def _is_settled(state: State) -> bool:
    """Tell whether a state given at the start keeps its task from running."""
    return state.is_finished() and not isinstance(state, (Cached, Mapped))


class _Listener(Listener):
    """Passes on what one task run tells."""

    __slots__ = ("info", "reporter", "task")

    def __init__(self, reporter: Reporter, info: FlowRunInfo, task: TaskRunInfo) -> None:
        self.reporter = reporter
        self.info = info
        self.task = task

    def state(self, state: State) -> None:
        self.reporter.task_run_changed(self.info, self.task, state)

    def progress(self, done: int, total: int | None, unit: str) -> None:
        self.reporter.task_run_progress(self.info, self.task, done, total, unit)
