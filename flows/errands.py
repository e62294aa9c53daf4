"""Errands: task runs that are sent to another process, and what they bring back.

A task run refers to far more than it needs elsewhere. An errand is a copy of it that travels light:

* of the tasks upstream only name, slug and tags;
* values that no argument takes are left out where the trigger is one of nemflow's own;
* of the cache only what is kept under the task's own key;
* not whose targets others have taken: which one it took itself is told on return, and checked then.

Values that lie at their locations travel as those (``nemflow.flows.executors.parcels``). So what a
task with a target or result hands on is a few hundred bytes, however large it is.
"""

from dataclasses import replace
from typing import NamedTuple

from nemflow.tasks import triggers
from nemflow.tasks.base import Task
from nemflow.tasks.caching import Cache
from nemflow.tasks.containers import Constant
from nemflow.tasks.edges import Edge
from nemflow.tasks.options import StateHandler
from nemflow.tasks.runner import run_task
from nemflow.tasks.signals import FAIL
from nemflow.tasks.states import Cached, Mapped, State, without_result
from nemflow.tasks.steps import cache_key
from nemflow.tasks.targets import claim_target
from nemflow.tasks.task_run import Listener, RunContext, TaskRun


class Brought(NamedTuple):
    """What an errand brings back.

    Attributes:
        state: in which the task run ended.
        slug: whose run it was, with the number of a mapped child.
        taken: names of targets that it took for its own.
        kept: what it would keep in the cache, by key.
    """

    state: State
    slug: str
    taken: tuple[str, ...]
    kept: tuple[tuple[str, Cached], ...]


def run_errand(
    run: TaskRun,
    state: State | None,
    handlers: tuple[StateHandler, ...],
    listener: Listener | None,
) -> Brought:
    """Run a task where it was sent to."""
    final = run_task(run, state, handlers, listener)
    cache = run.context.cache
    kept = tuple(cache.kept) if isinstance(cache, _CarriedCache) else ()
    return Brought(final, run.full_slug, tuple(run.context.taken_targets), kept)


class Errands:
    """Sends the task runs of one flow run, and takes in what they bring.

    Args:
        context: the flow run's.
    """

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self._outlines: dict[Task, Task] = {}

    def prepare(self, run: TaskRun) -> TaskRun:
        """Return a copy of a task run that travels light."""
        upstream_states = {
            self._light_edge(edge, run.task): _light_state(run.task, edge, state)
            for edge, state in run.upstream_states.items()
        }
        context = replace(run.context, taken_targets={}, cache=self._carried(run))
        errand = TaskRun(run.task, upstream_states, context, run.slug, run.map_index)
        errand.inputs.update(run.inputs)
        return errand

    def take_in(self, brought: Brought) -> State:
        """Note what an errand has brought; return the state of its task.

        That is Failed where its target is another task's of this run.
        """
        for key, state in brought.kept:
            if self.context.cache is not None:
                self.context.cache.keep(key, state)
        try:
            for name in brought.taken:
                claim_target(self.context, name, brought.slug)
        except FAIL as signal:
            return signal.state
        return brought.state

    def _carried(self, run: TaskRun) -> Cache | None:
        if run.task.cache_for is None or self.context.cache is None:
            return None
        key = cache_key(run)
        return _CarriedCache(key, self.context.cache.load(key))

    def _light_edge(self, edge: Edge, downstream: Task) -> Edge:
        upstream = edge.upstream_task
        outline = self._outlines.get(upstream)
        if outline is None:
            outline = self._outlines[upstream] = _outline(upstream)
        return Edge(outline, downstream, edge.key, edge.mapped, edge.flattened)


class _CarriedCache:
    """What one task run needs of a cache."""

    def __init__(self, key: str, known: list[Cached]) -> None:
        self.key = key
        self.known = known
        self.kept: list[tuple[str, Cached]] = []

    def load(self, key: str) -> list[Cached]:
        return self.known if key == self.key else []

    def keep(self, key: str, state: Cached) -> None:
        self.kept.append((key, state))


def _outline(task: Task) -> Task:
    """Return a task that says who it is and does nothing; triggers ask for constants."""
    if isinstance(task, Constant):
        return Constant(None, name=task.name, slug=task.slug, tags=task.tags)
    return Task(task.name, slug=task.slug, tags=task.tags)


def _light_state(task: Task, edge: Edge, state: State) -> State:
    asks_for_values = getattr(task.trigger, "__module__", None) != triggers.__name__
    return state if edge.key is not None or asks_for_values else _bare(state)


def _bare(state: State) -> State:
    bare = without_result(state)
    if isinstance(bare, Mapped):
        bare.map_states = [None if child is None else _bare(child) for child in bare.map_states]
    return bare


def explain_not_sent(run: TaskRun) -> str:
    """Say what it is in a task run that cannot be sent to another process."""
    from nemflow.flows.executors.parcels import dump  # imports cloudpickle, seldom needed here

    parts: list[tuple[str, object]] = [
        *((_words_for(option), value) for option, value in vars(run.task).items()),
        *((f"its input {key!r}", value) for key, value in run.inputs.items()),
        *(
            (f"the result of {edge.upstream_task.name!r}", state.result)
            for edge, state in run.upstream_states.items()
        ),
        *((f"the parameter {name!r}", value) for name, value in run.context.parameters.items()),
        *((f"the context's {name!r}", value) for name, value in run.context.values.items()),
    ]
    for words, value in parts:
        try:
            dump(value)
        except Exception as error:  # whatever a user's object does when it is pickled
            return f"{words} cannot be sent to another process: {error}"
    return "it cannot be sent to another process"


def _words_for(option: str) -> str:
    return "its function" if option == "run" else f"its option {option!r}"
