"""The checks of what a task is made with, one function per group of arguments."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from nemflow.errors import DefinitionError
from nemflow.results.base import Result
from nemflow.tasks.caching import Validator, duration_only, never_use
from nemflow.tasks.context import open_tags

StateHandler = Callable[[Any, Any, Any], Any]


def check_tags(tags: Iterable[str] | None) -> frozenset[str]:
    """Return the tags, with those of the open ``tags(...)`` block.

    Raises:
        TypeError: ``tags`` is one string, which would be taken apart into letters.
    """
    if isinstance(tags, str):
        raise TypeError(f"tags must be a set of strings, not the string {tags!r}")
    return frozenset(tags or ()) | open_tags()


def check_retries(
    max_retries: int | None,
    retry_delay: timedelta | None,
    retry_on: type[Exception] | Iterable[type[Exception]] | None,
) -> tuple[int, timedelta | None, frozenset[type[Exception]] | None]:
    """Return the three retry options in their stored form.

    Raises:
        DefinitionError: retries without a delay, or a delay or ``retry_on`` without retries.
        TypeError: ``retry_on`` holds something that is not a class of exceptions.
    """
    retries = max_retries or 0
    if retries < 0:
        raise DefinitionError(f"max_retries must not be negative, got {retries}")
    if retries and retry_delay is None:
        raise DefinitionError("a task with max_retries needs a retry_delay")
    if not retries and retry_delay is not None:
        raise DefinitionError("a task with a retry_delay needs max_retries above 0")
    if retry_on is None:
        return retries, retry_delay, None
    if not retries:
        raise DefinitionError("a task with retry_on needs max_retries above 0")
    kinds = frozenset([retry_on] if isinstance(retry_on, type) else retry_on)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise TypeError(f"retry_on takes classes of exceptions, not {kind!r}")
    return retries, retry_delay, kinds


def check_handlers(
    state_handlers: Sequence[StateHandler] | None,
    on_failure: Callable[[Any, Any], Any] | None,
) -> tuple[StateHandler, ...]:
    """Return the state handlers, with ``on_failure`` as one more of them.

    Raises:
        TypeError: ``state_handlers`` is not a sequence.
    """
    if state_handlers is not None and not isinstance(state_handlers, Sequence):
        raise TypeError("state_handlers must be a list of callables")
    handlers = tuple(state_handlers or ())
    return handlers if on_failure is None else (*handlers, FailureHandler(on_failure))


def check_timeout(timeout: float | timedelta | None) -> float | None:
    """Return the timeout in seconds.

    Raises:
        DefinitionError: it is not above 0.
        TypeError: it is no number and no timedelta.
    """
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float, timedelta)):
        raise TypeError(f"a timeout is a number of seconds or a timedelta, not {timeout!r}")
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
    if seconds <= 0:
        raise DefinitionError(f"a timeout must be above 0, got {timeout!r}")
    return seconds


def check_validator(cache_for: timedelta | None, validator: Validator | None) -> Validator:
    """Return the validator that is used; warn of one that has nothing to do."""
    if validator is None:
        return never_use if cache_for is None else duration_only
    if cache_for is None:
        warnings.warn("a cache_validator without cache_for caches nothing", stacklevel=3)
    return validator


class FailureHandler:
    """A state handler that calls ``on_failure(obj, state)`` at every Failed state."""

    __slots__ = ("on_failure",)

    def __init__(self, on_failure: Callable[[Any, Any], Any]) -> None:
        self.on_failure = on_failure

    def __call__(self, obj: Any, old_state: Any, new_state: Any) -> Any:
        """Call ``on_failure`` if the new state is a Failed; keep the new state."""
        if new_state.is_failed():
            self.on_failure(obj, new_state)
        return new_state


def place_target(result: Result | None, target: str | Callable[..., str] | None) -> Result | None:
    """Return the result that a task uses: a copy with the target as location, where there is one."""
    if target is None or result is None:
        return result
    placed = result.copy()
    placed.location = target
    return placed


def warn_of_location(result: Result | None, target: str | Callable[..., str] | None) -> None:
    """Warn of a location that the target takes the place of."""
    if target is not None and result is not None and result.location not in (None, target):
        warnings.warn(
            f"the target {target!r} takes the place of the result's location {result.location!r}",
            stacklevel=3,
        )


def warn_of_early(task: Any) -> None:
    """Warn of options that a subclass has set before ``super().__init__``, which sets them again."""
    early = sorted(_OPTIONS & {name.removesuffix("_s") for name in task.__dict__})
    if early:
        warnings.warn(
            f"{type(task).__name__} sets {', '.join(early)} before super().__init__(), which sets "
            "them again: set them after it, or pass them on",
            stacklevel=4,
        )


def warn_of_task(kind: str, name: str) -> None:
    """Warn of a task that was passed to the constructor of another."""
    warnings.warn(
        f"{kind} was made with the task {name!r} as an argument: tasks are passed when a task is "
        f"called, as in {kind}(...)({name})",
        stacklevel=3,
    )


_OPTIONS = frozenset(
    {
        "cache_for",
        "cache_key",
        "cache_validator",
        "checkpoint",
        "log_stdout",
        "max_retries",
        "name",
        "nout",
        "result",
        "retry_delay",
        "retry_on",
        "skip_on_upstream_skip",
        "slug",
        "state_handlers",
        "tags",
        "target",
        "task_run_name",
        "timeout",
        "trigger",
    }
)
