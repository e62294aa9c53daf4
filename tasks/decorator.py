"""``@task``: a function as a task; ``defaults_from_attrs`` for classes."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload

from nemflow.tasks.base import Task
from nemflow.tasks.signature import RunSignature

P = ParamSpec("P")
R = TypeVar("R")


class FunctionTask(Task, Generic[P, R]):
    """A task whose ``run`` is a function, with the function's own types."""

    run: Callable[P, R]

    def __init__(self, function: Callable[P, R], name: str | None = None, **options: Any) -> None:
        if not callable(function):
            raise TypeError(f"@task needs a function, not {function!r}")
        named = name or str(getattr(function, "__name__", type(self).__name__))
        self._function_signature = RunSignature(function, named)
        super().__init__(name=named, **options)
        self.run = function
        functools.update_wrapper(self, function, updated=())

    @property
    def run_signature(self) -> RunSignature:
        """The parameters of the function."""
        return self._function_signature


@overload
def task(function: Callable[P, R], /) -> FunctionTask[P, R]: ...


@overload
def task(**options: Any) -> Callable[[Callable[P, R]], FunctionTask[P, R]]: ...


def task(
    function: Callable[P, R] | None = None, /, **options: Any
) -> FunctionTask[P, R] | Callable[[Callable[P, R]], FunctionTask[P, R]]:
    """Make a task of a function; takes the options of ``Task``.

    >>> @task(name="plus one")
    ... def add_one(x):
    ...     return x + 1
    >>> add_one.run(41)
    42
    """
    if function is None:
        return lambda wrapped: FunctionTask(wrapped, **options)
    return FunctionTask(function, **options)


def defaults_from_attrs(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let arguments of a task class's ``run`` that are not given fall back to attributes.

    An explicit None is given.

    >>> class Greet(Task):
    ...     def __init__(self, greeting="hello", **options):
    ...         self.greeting = greeting
    ...         super().__init__(**options)
    ...     @defaults_from_attrs("greeting")
    ...     def run(self, name, greeting=None):
    ...         return f"{greeting} {name}"
    >>> Greet("good day").run("Ann")
    'good day Ann'
    """

    def decorate(run: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(run)

        @functools.wraps(run)
        def run_with_defaults(self: Any, *arguments: Any, **keywords: Any) -> Any:
            given = signature.bind_partial(self, *arguments, **keywords).arguments
            missing = {name: getattr(self, name) for name in names if name not in given}
            return run(self, *arguments, **{**keywords, **missing})

        return run_with_defaults

    return decorate
