"""State: the base of all states, and how states are compared and pickled."""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from nemflow.results.base import NO_VALUE, NOT_READ, Result
from nemflow.tasks.context import current_scope

NO_RESULT = Result()


def as_result(value: object) -> Result:
    """Return the result that holds a value; None is no result."""
    if value is None:
        return NO_RESULT
    return value if isinstance(value, Result) else Result(value)


class State:
    """The base of all states.

    Args:
        message: one line for people.
        result: the value, or the ``Result`` that holds it; None means that there is none.
        context: small facts beside the result; ``tags`` is filled from the running task.
        cached_inputs: kept for flows written for Prefect Core; not used by the engine.
    """

    __slots__ = ("_result", "cached_inputs", "context", "message")
    color: ClassVar[str] = "#000000"

    # What a class is, those below it are too: said once, by the class that its question names.
    _is_pending: ClassVar[bool] = False
    _is_queued: ClassVar[bool] = False
    _is_retrying: ClassVar[bool] = False
    _is_running: ClassVar[bool] = False
    _is_cached: ClassVar[bool] = False
    _is_finished: ClassVar[bool] = False
    _is_looped: ClassVar[bool] = False
    _is_scheduled: ClassVar[bool] = False
    _is_submitted: ClassVar[bool] = False
    _is_skipped: ClassVar[bool] = False
    _is_successful: ClassVar[bool] = False
    _is_failed: ClassVar[bool] = False
    _is_mapped: ClassVar[bool] = False
    _is_meta_state: ClassVar[bool] = False

    def __init__(
        self,
        message: str | None = None,
        result: object = None,
        context: dict[str, object] | None = None,
        cached_inputs: dict[str, object] | None = None,
    ) -> None:
        self.message = message
        self._result = result if isinstance(result, Result) else as_result(result)
        self.context = {} if context is None else context
        self.cached_inputs = cached_inputs
        scope = current_scope()
        if scope is not None and scope.tags:
            self.context.setdefault("tags", list(scope.tags))

    @property
    def result(self) -> object:
        """The value; None both for "produced None" and for "produced nothing".

        One that another process has left at its location is read when it is first asked for.

        Raises:
            UnreadableTarget: it is not there, or cannot be read back.
        """
        value = self._result.value
        if value is NOT_READ:
            self._result = self._result.read(str(self._result.location))
            value = self._result.value
        return None if value is NO_VALUE else value

    @result.setter
    def result(self, value: object) -> None:
        self._result = as_result(value)

    def fields(self) -> tuple[object, ...]:
        """The public facts, besides the class, that make two states equal."""
        return (self.result,)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        assert isinstance(other, State)
        return self.fields() == other.fields()

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        name = type(self).__name__
        return f'<{name}: "{self.message}">' if self.message else f"<{name}>"

    def __reduce__(self) -> tuple[object, ...]:
        return reduce_state(self, pickle.dumps)

    def is_pending(self) -> bool:
        """Tell whether the run has yet to start."""
        return self._is_pending

    def is_queued(self) -> bool:
        """Tell whether the run waits for a place."""
        return self._is_queued

    def is_retrying(self) -> bool:
        """Tell whether the run failed and will be tried again."""
        return self._is_retrying

    def is_running(self) -> bool:
        """Tell whether the run is under way."""
        return self._is_running

    def is_cached(self) -> bool:
        """Tell whether the value was there already."""
        return self._is_cached

    def is_finished(self) -> bool:
        """Tell whether the run has ended, in whatever way."""
        return self._is_finished

    def is_looped(self) -> bool:
        """Tell whether one pass of a loop has ended."""
        return self._is_looped

    def is_scheduled(self) -> bool:
        """Tell whether the run waits for a time (or, queued, for a place)."""
        return self._is_scheduled

    def is_submitted(self) -> bool:
        """Tell whether the run was handed to somebody who will start it."""
        return self._is_submitted

    def is_skipped(self) -> bool:
        """Tell whether the run was left out."""
        return self._is_skipped

    def is_successful(self) -> bool:
        """Tell whether the run ended well: Skipped, Cached and Mapped count."""
        return self._is_successful

    def is_failed(self) -> bool:
        """Tell whether the run failed."""
        return self._is_failed

    def is_mapped(self) -> bool:
        """Tell whether children were submitted in the run's place."""
        return self._is_mapped

    def is_meta_state(self) -> bool:
        """Tell whether this state wraps another."""
        return self._is_meta_state

    @classmethod
    def children(
        cls, include_self: bool = False, names_only: bool = False
    ) -> list["type[State] | str"]:
        """List the classes of states below this one, in the order of their definition."""
        found: list[type[State]] = [cls] if include_self else []
        for child in cls.__subclasses__():
            found += [child, *child._below()]
        return [kind.__name__ if names_only else kind for kind in dict.fromkeys(found)]

    @classmethod
    def _below(cls) -> "list[type[State]]":
        below: list[type[State]] = []
        for child in cls.__subclasses__():
            below += [child, *child._below()]
        return below

    @classmethod
    def parents(
        cls, include_self: bool = False, names_only: bool = False
    ) -> list["type[State] | str"]:
        """List the classes of states above this one, nearest first."""
        found = [k for k in cls.__mro__ if issubclass(k, State) and (include_self or k is not cls)]
        return [kind.__name__ if names_only else kind for kind in found]


def without_result(state: State) -> State:
    """Return a copy of a state that has no result."""
    return _restore(type(state), {**_slots_of(state), "_result": NO_RESULT})


def _slots_of(state: State) -> dict[str, object]:
    return {
        name: getattr(state, name)
        for kind in type(state).__mro__
        for name in getattr(kind, "__slots__", ())
    }


def reduce_state(state: State, dumps: Callable[[object], bytes]) -> tuple[object, ...]:
    """Return how a state is pickled; an exception in it that *dumps* cannot send becomes text."""
    fields = _slots_of(state)
    error = state._result.value
    if isinstance(error, BaseException):
        try:
            pickle.loads(dumps(error))
        except Exception:  # whatever a user's exception does when it is pickled
            fields["_result"] = Result(repr(error))
    return (_restore, (type(state), fields))


def _restore(kind: type[State], fields: dict[str, object]) -> State:
    state = kind.__new__(kind)
    for name, value in fields.items():
        setattr(state, name, value)
    return state


def aware(moment: datetime | None) -> datetime | None:
    """Return a moment with a zone; a naive one is UTC."""
    if moment is not None and moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment
