"""The records of a run: what a flow run gives to its task runs, and what one task run learns.

``RunContext`` is made once per flow run and never changed by a task, but for ``taken_targets``, in
which task runs note whose target is whose, and for what one finds out for all: ``locks_about`` and
``real_folders``. ``TaskRun`` belongs to one attempt at one task; the steps of the pipeline fill it.
"""

from collections.abc import Callable, Iterator, KeysView, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from nemflow.results.base import Result
from nemflow.results.local import RealFolders
from nemflow.results.locks import TargetLock
from nemflow.tasks.base import Task
from nemflow.tasks.caching import Cache
from nemflow.tasks.context import Scope
from nemflow.tasks.edges import Edge
from nemflow.tasks.options import place_target
from nemflow.tasks.states import Looped, Mapped, Paused, Resume, Retrying, State
from nemflow.tasks.whole import Whole


def now_utc() -> datetime:
    """Return the present moment, aware, UTC."""
    return datetime.now(UTC)


class Listener:
    """Hears of a task run while it goes on; maybe in another thread than the flow run's.

    It stays in the process of the flow run: in another one, something that passes on what it hears
    stands in its place.
    """

    __slots__ = ()

    def state(self, state: State) -> None:
        """Hear that the task's own work begins."""

    def progress(self, done: int, total: int | None, unit: str) -> None:
        """Hear what the task reports of its progress."""


@dataclass(slots=True)
class RunContext:
    """What all task runs of a flow run share.

    Attributes:
        values: the keys that code and templates can ask for: ``flow_name``, ``date``, the user's own.
        parameters: the values of the flow's parameters.
        checkpointing: whether declared results are written.
        force: make targets again though they exist.
        lock_dir: where the locks of targets lie; None for no locking.
        wait_for_locks: whether to wait for another run that makes a target, or to fail.
        claimed: names of the locks that the flow run holds itself for all its tasks.
        flow_result: the result of tasks that declare none.
        taken_targets: location to slug of the task whose target it is, in this run.
        locks_about: whether any owner file lay in ``lock_dir`` when this run first looked.
        real_folders: where the folders of targets really lie, looked up once in this run.
        cache: where the values of tasks with ``cache_for`` are kept; None for nowhere.
        now: the clock.
        resume: whether a person told the run to go on.
        scope: ``values`` as the lower layer of each task run's ``nemflow.context``.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
    checkpointing: bool = True
    force: bool = False
    lock_dir: Path | None = None
    wait_for_locks: bool = True
    claimed: frozenset[str] = frozenset()
    flow_result: Result | None = None
    taken_targets: dict[str, str] = field(default_factory=dict)
    locks_about: bool | None = None
    real_folders: RealFolders = field(default_factory=RealFolders)
    cache: Cache | None = None
    now: Callable[[], datetime] = now_utc
    resume: bool = False
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = Scope(self.values)

    def with_keys(self, keys: Mapping[str, object]) -> "RunContext":
        """Return the context of a single task that is given more keys."""
        resume = bool(keys.get("resume", self.resume))
        return replace(self, values={**self.values, **keys}, resume=resume)


class TaskRun(Scope):
    """One attempt at one task, as the steps of the pipeline see it.

    It is the layer of context that it adds itself; its keys are made when somebody asks for one.
    """

    __slots__ = (
        "_keys",
        "context",
        "ended",
        "inputs",
        "lock",
        "loop_count",
        "loop_result",
        "map_index",
        "placed",
        "result",
        "resume",
        "run_count",
        "run_name",
        "slug",
        "task",
        "upstream_states",
        "wholes",
    )

    def __init__(
        self,
        task: Task,
        upstream_states: Mapping[Edge, State],
        context: RunContext,
        slug: str | None = None,
        map_index: int | None = None,
    ) -> None:
        self.below = context.scope
        self.tags = task.tags
        self.task = task
        self.upstream_states = upstream_states
        self.context = context
        self.slug = slug or task.slug or task.name
        self.map_index = map_index
        self.run_count = 1
        self.loop_count: int | None = None
        self.loop_result: object = None
        self.run_name = task.name
        self.resume = context.resume
        self.inputs: dict[str, object] = {}
        self.wholes: dict[Edge, Whole] | None = None
        self._keys: dict[str, object] | None = None
        self.result: Result | None = task.result or place_target(context.flow_result, task.target)
        self.placed: Result | None = None
        self.lock: TargetLock | None = None
        self.ended = False

    @property
    def full_name(self) -> str:
        """The task's name, with the index of a mapped child: ``load[3]``."""
        name = self.task.name
        return name if self.map_index is None else f"{name}[{self.map_index}]"

    @property
    def full_slug(self) -> str:
        """The task's slug, with the index of a mapped child: ``load-1[3]``."""
        return self.slug if self.map_index is None else f"{self.slug}[{self.map_index}]"

    def begin(self, state: State) -> None:
        """Note which attempt this is, and whether a person told it to go on."""
        if isinstance(state, Retrying):
            self.run_count = state.run_count + 1
        elif isinstance(known := state.context.get("task_run_count"), int):
            self.run_count = known
        self.resume = self.context.resume or isinstance(state, Resume) or self._waited(state)
        if isinstance(loop_count := state.context.get("task_loop_count"), int):
            self.loop_count = loop_count
            self.loop_result = state.context.get("task_loop_result")

    @property
    def keys(self) -> dict[str, object]:
        """What code and templates can ask of this run; made when first asked for."""
        if self._keys is None:
            self._keys = self._make_keys()
        return self._keys

    @property
    def values(self) -> Mapping[str, object]:
        """The keys of this layer of context."""
        return self.keys

    def _make_keys(self) -> dict[str, object]:
        keys: dict[str, object] = {
            "task_name": self.task.name,
            "task_full_name": self.full_name,
            "task_slug": self.slug,
            "task_tags": self.task.tags,
            "task_run_count": self.run_count,
            "task_run_name": self.run_name,
            "map_index": self.map_index,
            "checkpointing": self.context.checkpointing,
            "resume": self.resume,
        }
        if self.loop_count is not None:
            keys["task_loop_count"] = self.loop_count
            keys["task_loop_result"] = self.loop_result
        return keys

    def begin_next_loop(self, state: Looped) -> None:
        """Make ready for another pass, with what the last one handed on."""
        self.loop_count = state.loop_count + 1
        self.loop_result = state.result
        self.run_count = 1
        self.ended = False
        self._keys = None

    def _waited(self, state: State) -> bool:
        return (
            isinstance(state, Paused)
            and state.start_time is not None
            and state.start_time <= self.context.now()
        )

    def template_keys(self) -> "TemplateKeys":
        """Return what templates of targets, locations and names may use.

        Inputs win over context, and that over parameters, as in Prefect Core.
        """
        keys = TemplateKeys(self.inputs)
        keys._run = self
        return keys

    def whole(self, edge: Edge, state: State) -> Whole | None:
        """Return what comes over an edge where it is to be looked through as a whole, else None.

        The children of one mapped task share in ``wholes`` what was found.
        """
        if edge.mapped or not (edge.flattened or isinstance(state, Mapped)):
            return None
        if self.wholes is None:
            self.wholes = {}
        whole = self.wholes.get(edge)
        if whole is None or whole.state is not state:
            whole = self.wholes[edge] = Whole(edge, state)
        return whole

    def end(self, state: State) -> State:
        """Say that no further step is to look at the state."""
        self.ended = True
        return state


class TemplateKeys(dict[str, object]):
    """The keys for the templates of one task run.

    The inputs are at hand, others are looked up one by one: a template names few. Whoever goes through
    all of them, a callable above all, finds all.
    """

    __slots__ = ("_run",)

    _run: TaskRun

    def __missing__(self, key: str) -> object:
        context = self._run.context
        for layer in (self._run.keys, context.values, context.parameters):
            if key in layer:
                return layer[key]
        raise KeyError(key)

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # dict's own type has no name
        """Return all keys."""
        run = self._run
        inputs = run.inputs
        self.update({**run.context.parameters, **run.context.values, **run.keys, **inputs})
        self.pop("self", None)  # no callable could take it by that name
        return super().keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())


__all__ = ["Listener", "RunContext", "TaskRun", "now_utc"]
