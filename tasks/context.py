"""What running code can learn of its run, and what defining code can learn of its open flow.

The engine hands facts on by argument. Three context variables exist for code that the engine
calls and that has no other way to ask:

* the *scope*: a chain of mappings (user keys, task run, flow run) that ``nemflow.context`` shows;
* the *open flow*: the flow of the ``with Flow(...)`` block in which a task is being called;
* the *tags* of the ``with tags(...)`` block.

Worker threads are started with a copy of the context, so that all three are right there too.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, Protocol

Progress = Callable[[int, int | None, str], None]


_NO_TAGS: frozenset[str] = frozenset()


class Scope:
    """One layer of context: its own keys, then those of the layer below.

    Attributes:
        below: the layer below.
        tags: the tags of the running task, which each of its states takes over.
    """

    __slots__ = ("_values", "below", "tags")

    def __init__(self, values: Mapping[str, object], below: "Scope | None" = None) -> None:
        self._values = values
        self.below = below
        known: Any = values.get("task_tags")
        self.tags: frozenset[str] = frozenset(known) if known else below.tags if below else _NO_TAGS

    @property
    def values(self) -> Mapping[str, object]:
        """Its own keys."""
        return self._values

    def flatten(self) -> dict[str, object]:
        """Return all keys in one dictionary; nearer layers win."""
        flat = self.below.flatten() if self.below else {}
        flat.update(self.values)
        return flat


class FlowBuilder(Protocol):
    """What a task needs of the flow in whose ``with`` block it is called."""

    def add_task(self, task: Any) -> Any:
        """Add a task; return it."""

    def add_edge(
        self,
        upstream_task: Any,
        downstream_task: Any,
        key: str | None = None,
        mapped: bool = False,
        flattened: bool = False,
        validate: bool | None = None,
    ) -> Any:
        """Join two tasks; return the edge."""

    def set_dependencies(
        self,
        task: Any,
        upstream_tasks: Any = None,
        downstream_tasks: Any = None,
        keyword_tasks: Any = None,
        mapped: bool = False,
        validate: bool | None = None,
    ) -> None:
        """Join a task with its neighbours on both sides."""

    def upstream_tasks(self, task: Any) -> set[Any]:
        """Return the tasks right before a task."""

    def downstream_tasks(self, task: Any) -> set[Any]:
        """Return the tasks right after a task."""

    def note_created(self, task: Any, copied_from: Any = None) -> None:
        """Hear that a task was made inside the block, so that a forgotten one can be named."""


_scope: ContextVar[Scope | None] = ContextVar("nemflow_scope", default=None)
_open_flow: ContextVar[FlowBuilder | None] = ContextVar("nemflow_open_flow", default=None)
_tags: ContextVar[frozenset[str]] = ContextVar("nemflow_tags", default=frozenset())
_progress: ContextVar[Progress | None] = ContextVar("nemflow_progress", default=None)


def context_value(key: str, default: object = None) -> Any:
    """Look one key up in the scope of the running code."""
    scope = _scope.get()
    while scope is not None:
        if key in scope.values:
            return scope.values[key]
        scope = scope.below
    return default


# Asked and changed in every task run: the variable's own methods, with no function around them.
current_scope = _scope.get
"""Return the scope of the running code, None outside of any run."""
enter_scope = _scope.set
"""Make a scope the current one; hand the token to ``leave_scope``."""
leave_scope = _scope.reset
"""Go back to the scope before."""


def get_logger(name: str) -> logging.Logger:
    """Return the standard library's logger of that name; the command line decides where it goes."""
    return logging.getLogger(name)


RUNNERS = frozenset({"nemflow.FlowRunner", "nemflow.TaskRunner"})
"""The loggers of the engine's own runners, which say when each run starts and ends."""


def run_logger(name: str) -> logging.Logger:
    """Return a logger whose records say which run they come from.

    Each record gets ``flow_run_id``, ``flow_run_name``, ``task_name`` and ``task_run_count``; None where
    no run is under way.
    """
    logger = logging.getLogger(name)
    logger.addFilter(_note_run)  # adding it again changes nothing
    return logger


def _note_run(record: logging.LogRecord) -> bool:
    if not hasattr(record, "flow_run_id"):  # one from another process says it already
        for key in ("flow_run_id", "flow_run_name", "task_name", "task_run_count"):
            setattr(record, key, context_value(key))
    return True


def open_flow() -> FlowBuilder | None:
    """Return the flow of the innermost open ``with Flow(...)`` block."""
    return _open_flow.get()


def enter_flow(flow: FlowBuilder) -> Token[FlowBuilder | None]:
    """Open a flow for building."""
    return _open_flow.set(flow)


def leave_flow(token: Token[FlowBuilder | None]) -> None:
    """Close the flow again."""
    _open_flow.reset(token)


def open_tags() -> frozenset[str]:
    """Return the tags that tasks made now get in addition to their own."""
    return _tags.get()


@contextmanager
def tags(*names: str) -> Iterator[None]:
    """Give every task that is made inside the block these tags in addition to its own."""
    token = _tags.set(_tags.get() | frozenset(names))
    try:
        yield
    finally:
        _tags.reset(token)


@contextmanager
def raise_on_exception() -> Iterator[None]:
    """Let an exception of a task come out of ``flow.run`` instead of making the task Failed."""
    with context(raise_on_exception=True):
        yield


def enter_progress(report: Progress) -> Token[Progress | None]:
    """Say where ``report_progress`` of the running task goes."""
    return _progress.set(report)


def leave_progress(token: Token[Progress | None]) -> None:
    """Go back to where progress went before."""
    _progress.reset(token)


def report_progress(done: int, total: int | None = None, unit: str = "bytes") -> None:
    """Tell how far the running task is; does nothing outside of a run.

    Args:
        done: how much is done so far.
        total: how much it will be, None if nobody knows.
        unit: what is counted; the command line shows a rate for ``bytes``.
    """
    report = _progress.get()
    if report is not None:
        report(done, total, unit)


class Context(Mapping[str, Any]):
    """``nemflow.context``: what running code can ask about its run.

    Keys are read as attributes or items. Inside a task: ``task_name``, ``task_run_count``,
    ``map_index``, ``flow_name``, ``flow_run_name``, ``parameters``, ``date``, ``today``, ``logger``
    and so on (``docs/engine.md``), and every key that was added::

        >>> with context(colour="blue"):
        ...     context.colour
        'blue'
        >>> context.get("colour") is None
        True
    """

    __slots__ = ()

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        found = self.get(key, _MISSING)
        if found is _MISSING:
            raise AttributeError(f"nemflow.context has no {key!r} here")
        return found

    def __getitem__(self, key: str) -> Any:
        found = self.get(key, _MISSING)
        if found is _MISSING:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_dict())

    def __len__(self) -> int:
        return len(self.to_dict())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key, _MISSING) is not _MISSING

    def get(self, key: str, default: object = None) -> Any:
        """Return the value of a key, or the default where it is not known."""
        found = context_value(key, _MISSING)
        if found is _MISSING and key == "logger":
            return run_logger(f"nemflow.{context_value('task_name', 'flow')}")
        if found is _MISSING and key == "flow":
            found = open_flow() or _MISSING
        return default if found is _MISSING else found

    def to_dict(self) -> dict[str, object]:
        """Return all keys that are known here."""
        scope = current_scope()
        return {} if scope is None else scope.flatten()

    @contextmanager
    def __call__(
        self, values: Mapping[str, object] | None = None, **more: object
    ) -> Iterator[None]:
        """Add keys for the length of a ``with`` block."""
        token = enter_scope(Scope({**(values or {}), **more}, current_scope()))
        try:
            yield
        finally:
            leave_scope(token)

    def __repr__(self) -> str:
        return f"<nemflow.context: {', '.join(sorted(self.to_dict())) or 'no run here'}>"


_MISSING = object()
context = Context()
