"""Task: a template of work, and the copies of it that make up a flow.

A task is a class with a ``run``, or a function under ``@task``. Calling a task inside
``with Flow(...)`` runs nothing: it adds a copy of the task to the flow and joins it with the tasks
that were passed as arguments::

    class Add(Task):
        def run(self, x, y=1):
            return x + y

    with Flow("sum") as flow:
        total = Add()(x=1, y=2)
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Self

from nemflow.results.base import Result
from nemflow.tasks.building import Building
from nemflow.tasks.caching import Validator
from nemflow.tasks.context import open_flow, run_logger
from nemflow.tasks.options import (
    StateHandler,
    check_handlers,
    check_retries,
    check_tags,
    check_timeout,
    check_validator,
    place_target,
    warn_of_early,
    warn_of_location,
    warn_of_task,
)
from nemflow.tasks.signature import RunSignature, annotations_of
from nemflow.tasks.triggers import Trigger, all_successful


class Task(Building):
    """The unit of work.

    Args:
        name: shown in flows and logs; default the name of the class or function.
        slug: identifies the task in its flow; given by the flow where absent.
        tags: words to find the task by.
        max_retries: how often a failed run is tried again: N means up to N + 1 attempts.
        retry_delay: how long to wait before each further attempt; needed with ``max_retries``.
        retry_on: retry only when the exception is one of these classes.
        timeout: how long a run may take: seconds or a timedelta.
        trigger: decides by the upstream states whether the task may run.
        skip_on_upstream_skip: be skipped when a direct upstream task was.
        cache_for: how long the value of a run may stand for later ones.
        cache_validator: decides whether a cached value is still good; default by its age alone.
        cache_key: tasks with one key share their cached values; default: none do.
        checkpoint: False keeps this task's value from being written.
        state_handlers: called as ``handler(task, old_state, new_state)`` at each change of state.
        on_failure: called as ``on_failure(task, state)`` at each Failed state.
        log_stdout: what ``run`` prints goes to the task's logger.
        result: where the value is kept; what is declared is persisted.
        target: the place, a template, whose existence makes the run unnecessary.
        task_run_name: template or callable for the name of a run.
        nout: how many outputs there are, for ``a, b = task()``; read from a tuple annotation.

    Raises:
        DefinitionError: options that contradict each other.
        TypeError: options of the wrong type.
    """

    def __init__(
        self,
        name: str | None = None,
        slug: str | None = None,
        tags: Iterable[str] | None = None,
        max_retries: int | None = None,
        retry_delay: timedelta | None = None,
        retry_on: type[Exception] | Iterable[type[Exception]] | None = None,
        timeout: float | timedelta | None = None,
        trigger: Trigger | None = None,
        skip_on_upstream_skip: bool = True,
        cache_for: timedelta | None = None,
        cache_validator: Validator | None = None,
        cache_key: str | None = None,
        checkpoint: bool | None = None,
        state_handlers: Sequence[StateHandler] | None = None,
        on_failure: Callable[..., Any] | None = None,
        log_stdout: bool = False,
        result: Result | None = None,
        target: str | Callable[..., str] | None = None,
        task_run_name: str | Callable[..., str] | None = None,
        nout: int | None = None,
    ) -> None:
        if self.__dict__:
            warn_of_early(self)
        self.name = name or type(self).__name__
        self.slug = slug
        self.tags = check_tags(tags)
        retries = check_retries(max_retries, retry_delay, retry_on)
        self.max_retries, self.retry_delay, self.retry_on = retries
        self.trigger: Trigger = trigger or all_successful
        self.skip_on_upstream_skip = skip_on_upstream_skip
        self.checkpoint = checkpoint
        self.state_handlers = check_handlers(state_handlers, on_failure)
        warn_of_location(result, target)
        self.result = place_target(result, target)
        self.target = target
        self.task_run_name = task_run_name
        self.timeout_s = check_timeout(timeout)
        self.cache_for = cache_for
        self.cache_validator = check_validator(cache_for, cache_validator)
        self.cache_key = cache_key
        self.log_stdout = log_stdout
        self.nout = self.run_signature.nout if nout is None else nout
        if not hasattr(type(self), "_signature"):
            type(self)._signature = RunSignature(type(self).run, self.name)
        building = open_flow()
        if building is not None:
            building.note_created(self)

    _signature: ClassVar[RunSignature]

    def __new__(cls, *arguments: Any, **options: Any) -> Self:
        for argument in (*arguments, *options.values()):
            if isinstance(argument, Task):
                warn_of_task(cls.__name__, argument.name)
        return super().__new__(cls)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "run" in cls.__dict__:
            cls._signature = RunSignature(_without_self(cls.run), cls.__name__)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work; subclasses say what it is, with parameters of their own."""
        return None

    @property
    def run_signature(self) -> RunSignature:
        """The parameters of ``run``."""
        return self._signature

    @property
    def filled_by_engine(self) -> frozenset[str]:
        """The names of ``run``'s arguments that the engine fills itself."""
        argument = getattr(self.result, "argument", None)
        return frozenset() if argument is None else frozenset((argument,))

    @property
    def timeout(self) -> float | None:
        """How long a run may take, in seconds; a timedelta may be set too."""
        return self.timeout_s

    @timeout.setter
    def timeout(self, timeout: float | timedelta | None) -> None:
        self.timeout_s = check_timeout(timeout)

    def inputs(self) -> dict[str, dict[str, Any]]:
        """Return each argument of ``run`` with its ``type``, ``default`` and whether ``required``."""
        return self.run_signature.inputs(self.run)

    def outputs(self) -> Any:
        """Return what ``run`` is annotated to return; Any where it is not."""
        return annotations_of(self.run).get("return", Any)

    @property
    def logger(self) -> logging.Logger:
        """The logger ``nemflow.<task name>``; its records say which run they come from."""
        return run_logger(f"nemflow.{self.name}")

    def copy(self, **task_args: Any) -> Self:
        """Return a copy with other options; tags are added, everything else is replaced.

        Raises:
            AttributeError: a task has no such option.
            DefinitionError: the new options contradict each other.
        """
        new = object.__new__(type(self))
        new.__dict__ = self.__dict__.copy()  # shares its keys, where an update would have keys anew
        if self.slug is not None and "slug" not in task_args:
            new.slug = f"{self.slug}-copy"
        if task_args:
            new._change(task_args)
        building = open_flow()
        if building is not None:
            building.note_created(new, copied_from=self)
        return new

    def _change(self, task_args: dict[str, Any]) -> None:
        if "tags" in task_args:
            task_args = {**task_args, "tags": check_tags(task_args["tags"]) | self.tags}
        cached_before = self.cache_for is not None
        for option, value in task_args.items():
            if option not in self.__dict__ and option != "timeout":
                raise AttributeError(f"task {self.name!r} has no option {option!r}")
            setattr(self, option, value)
        retries = check_retries(self.max_retries, self.retry_delay, self.retry_on)
        self.max_retries, self.retry_delay, self.retry_on = retries
        self.state_handlers = check_handlers(self.state_handlers, None)
        if "cache_for" in task_args and not cached_before and "cache_validator" not in task_args:
            self.cache_validator = check_validator(self.cache_for, None)
        if "target" in task_args or "result" in task_args:
            self.result = place_target(self.result, self.target)

    def _operate(self, name: str, function: Callable[..., Any], **operands: object) -> "Task":
        return Operation(name, function, tuple(operands)).bind(**operands)  # type: ignore[arg-type]  # mypy takes the operands for bind's own options

    def __repr__(self) -> str:
        return f"<Task: {self.name}>"


def _without_self(run: Callable[..., Any]) -> Callable[..., Any]:
    """Return something with the signature of a bound ``run``."""
    return run.__get__(object()) if hasattr(run, "__get__") else run


Task._signature = RunSignature(lambda: None, "Task")  # a bare Task takes nothing


class Operation(Task):
    """A task that calls a function with its operands: what ``a + b`` or ``a["key"]`` make."""

    def __init__(self, name: str, function: Callable[..., Any], operands: tuple[str, ...]) -> None:
        self.function = function
        self.operands = operands
        super().__init__(name=name)

    @property
    def run_signature(self) -> RunSignature:
        """The operands, by name."""
        return _OPERATION_SIGNATURES[self.operands]

    def run(self, **operands: object) -> object:
        """Call the function with the operands in their order."""
        return self.function(*(operands[name] for name in self.operands))


_OPERATION_SIGNATURES = MappingProxyType(
    {
        ("left", "right"): RunSignature(lambda left, right: None, "operation"),
        ("task_result", "key"): RunSignature(lambda task_result, key: None, "get item"),
        ("value",): RunSignature(lambda value: None, "operation"),
    }
)
