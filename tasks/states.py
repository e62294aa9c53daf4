"""States: what is known of a task run or a flow run at one moment.

A run moves through states; each carries a ``message`` for people, a ``result`` and a ``context``::

    State
    ├── Pending
    │   ├── Scheduled (start_time)        to run at a time
    │   │   ├── Paused                    waits for a person, or for its start_time
    │   │   ├── Resume                    a paused run, told to go on
    │   │   └── Retrying (run_count)      the same task run, tried again at start_time
    │   ├── Submitted (state)             meta states: they wrap another state
    │   ├── Queued (state, start_time)
    │   └── ClientFailed (state)
    ├── Running
    │   └── Cancelling
    └── Finished
        ├── Success
        │   ├── Cached                    the value was there already
        │   ├── Mapped (map_states)       children were submitted
        │   └── Skipped
        ├── Failed
        │   ├── TimedOut
        │   ├── TriggerFailed
        │   └── ValidationFailed
        ├── Looped (loop_count)
        └── Cancelled

Skipped, Cached and Mapped are successful; TriggerFailed and TimedOut are failed; Looped and
Cancelled are finished but neither. States are values by rule: nobody changes one that it has
handed on. ``result`` is the value; the ``Result`` behind it also knows where the value is kept.
"""

import pickle
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import ClassVar

from nemflow.results.base import NO_VALUE, NOT_READ, Result
from nemflow.tasks.context import context_value

NO_RESULT = Result()


def _as_result(value: object) -> Result:
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

    def __init__(
        self,
        message: str | None = None,
        result: object = None,
        context: dict[str, object] | None = None,
        cached_inputs: dict[str, object] | None = None,
    ) -> None:
        self.message = message
        self._result = _as_result(result)
        self.context = {} if context is None else context
        self.cached_inputs = cached_inputs
        tags = context_value("task_tags")
        if tags:
            self.context.setdefault("tags", list(tags))

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
        self._result = _as_result(value)

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
        return isinstance(self, Pending)

    def is_queued(self) -> bool:
        """Tell whether the run waits for a place."""
        return isinstance(self, Queued)

    def is_retrying(self) -> bool:
        """Tell whether the run failed and will be tried again."""
        return isinstance(self, Retrying)

    def is_running(self) -> bool:
        """Tell whether the run is under way."""
        return isinstance(self, Running)

    def is_cached(self) -> bool:
        """Tell whether the value was there already."""
        return isinstance(self, Cached)

    def is_finished(self) -> bool:
        """Tell whether the run has ended, in whatever way."""
        return isinstance(self, Finished)

    def is_looped(self) -> bool:
        """Tell whether one pass of a loop has ended."""
        return isinstance(self, Looped)

    def is_scheduled(self) -> bool:
        """Tell whether the run waits for a time (or, queued, for a place)."""
        return isinstance(self, (Scheduled, Queued))

    def is_submitted(self) -> bool:
        """Tell whether the run was handed to somebody who will start it."""
        return isinstance(self, Submitted)

    def is_skipped(self) -> bool:
        """Tell whether the run was left out."""
        return isinstance(self, Skipped)

    def is_successful(self) -> bool:
        """Tell whether the run ended well: Skipped, Cached and Mapped count."""
        return isinstance(self, Success)

    def is_failed(self) -> bool:
        """Tell whether the run failed."""
        return isinstance(self, Failed)

    def is_mapped(self) -> bool:
        """Tell whether children were submitted in the run's place."""
        return isinstance(self, Mapped)

    def is_meta_state(self) -> bool:
        """Tell whether this state wraps another."""
        return isinstance(self, MetaState)

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


class Pending(State):
    """The run has yet to start."""

    __slots__ = ()
    color = "#d3d3d3"


class Scheduled(Pending):
    """The run is to start at ``start_time`` (aware; naive is read as UTC; default now)."""

    __slots__ = ("start_time",)
    color = "#ffab00"

    def __init__(
        self,
        message: str | None = None,
        result: object = None,
        start_time: datetime | None = None,
        context: dict[str, object] | None = None,
        cached_inputs: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.start_time = _aware(start_time) or self._default_start_time()
        run_count = context_value("task_run_count")
        if run_count is not None:
            self.context.setdefault("task_run_count", run_count)

    def _default_start_time(self) -> datetime | None:
        return datetime.now(UTC)

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (self.result, self.start_time)


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment


class Paused(Scheduled):
    """The run waits for a person or, if it has a ``start_time``, until then."""

    __slots__ = ()
    color = "#99a8e8"

    def _default_start_time(self) -> datetime | None:
        return None


class Resume(Scheduled):
    """A paused run that was told to go on."""

    __slots__ = ()
    color = "#fb8c00"


class Retrying(Scheduled):
    """The run failed and will be tried again; ``run_count`` attempts were made so far."""

    __slots__ = ("run_count",)
    color = "#ffc107"

    def __init__(
        self,
        message: str | None = None,
        result: object = None,
        start_time: datetime | None = None,
        context: dict[str, object] | None = None,
        cached_inputs: dict[str, object] | None = None,
        run_count: int | None = None,
    ) -> None:
        super().__init__(message, result, start_time, context, cached_inputs)
        if run_count is None:
            known = context_value("task_run_count")
            run_count = known if isinstance(known, int) else 1
        self.run_count = run_count

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (self.result, self.start_time, self.run_count)


class MetaState(Pending):
    """A state that wraps another; wrapping a wrapper keeps only the innermost state."""

    __slots__ = ("state",)

    def __init__(
        self,
        message: str | None = None,
        result: object = None,
        state: State | None = None,
        context: dict[str, object] | None = None,
        cached_inputs: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.state: State | None = state.state if isinstance(state, MetaState) else state

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (self.result, self.state)


class Submitted(MetaState):
    """The run was handed to somebody who will start it."""

    __slots__ = ()
    color = "#00bcd4"


class Queued(MetaState):
    """The run waits for a place and asks again at ``start_time``."""

    __slots__ = ("start_time",)
    color = "#ab47bc"

    def __init__(
        self,
        message: str | None = None,
        result: object = None,
        state: State | None = None,
        start_time: datetime | None = None,
        context: dict[str, object] | None = None,
        cached_inputs: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, result, state, context, cached_inputs)
        self.start_time = _aware(start_time) or datetime.now(UTC)

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (self.result, self.state, self.start_time)


class ClientFailed(MetaState):
    """The run's state could not be made known to those who asked for it."""

    __slots__ = ()
    color = "#eb0000"


class Running(State):
    """The run is under way."""

    __slots__ = ()
    color = "#3d67ff"


class Cancelling(Running):
    """The run is under way and was told to stop."""

    __slots__ = ()
    color = "#bdbdbd"


class Finished(State):
    """The run has ended."""

    __slots__ = ()
    color = "#ba1aff"


class Success(Finished):
    """The run ended well."""

    __slots__ = ()
    color = "#27b14c"


class Cached(Success):
    """The value was there already: a target on disk, or a cache that is still valid."""

    __slots__ = ("cached_parameters", "cached_result_expiration", "hashed_inputs")
    color = "#34d058"

    def __init__(
        self,
        message: str | None = None,
        result: object = None,
        cached_inputs: dict[str, object] | None = None,
        cached_parameters: dict[str, object] | None = None,
        cached_result_expiration: datetime | None = None,
        context: dict[str, object] | None = None,
        hashed_inputs: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.hashed_inputs = hashed_inputs
        self.cached_parameters = cached_parameters
        self.cached_result_expiration = _aware(cached_result_expiration)

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (
            self.result,
            self.hashed_inputs,
            self.cached_parameters,
            self.cached_result_expiration,
        )


class Mapped(Success):
    """Children were submitted; says nothing of how they end. ``result`` lists their results."""

    __slots__ = ("map_states", "n_map_states")
    color = "#97ffb9"

    def __init__(
        self,
        message: str | None = None,
        result: object = None,
        map_states: Iterable[State | None] | None = None,
        context: dict[str, object] | None = None,
        cached_inputs: dict[str, object] | None = None,
        n_map_states: int | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.map_states: list[State | None] = list(map_states or [])
        self.n_map_states = len(self.map_states) if n_map_states is None else n_map_states

    @property
    def result(self) -> object:
        """The children's results, in order, unless another result was set."""
        if self._result.value is not NO_VALUE:
            return self._result.value
        return [None if state is None else state.result for state in self.map_states]

    @result.setter
    def result(self, value: object) -> None:
        self._result = _as_result(value)

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (self.result, self.map_states, self.n_map_states)


class Skipped(Success):
    """The run was left out."""

    __slots__ = ()
    color = "#62757f"


class Failed(Finished):
    """The run failed; ``result`` is the exception."""

    __slots__ = ()
    color = "#eb0000"


class TimedOut(Failed):
    """The run took longer than its timeout."""

    __slots__ = ()
    color = "#cf5d00"


class TriggerFailed(Failed):
    """The run's trigger said no, so that it was not started."""

    __slots__ = ()
    color = "#ff5131"


class ValidationFailed(Failed):
    """The run's value was looked at and found wrong."""

    __slots__ = ()
    color = "#ff9800"


class Looped(Finished):
    """One pass of a loop has ended; ``loop_count`` counts from 1."""

    __slots__ = ("loop_count",)
    color = "#003ccb"

    def __init__(
        self,
        message: str | None = None,
        result: object = None,
        loop_count: int | None = None,
        context: dict[str, object] | None = None,
        cached_inputs: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        if loop_count is None:
            known = context_value("task_loop_count")
            loop_count = known if isinstance(known, int) else 1
        self.loop_count = loop_count

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (self.result, self.loop_count)


class Cancelled(Finished):
    """The run was stopped before it could end."""

    __slots__ = ()
    color = "#bdbdbd"


def unwrap(state: State | None) -> State:
    """Return the state inside a meta state, any other state itself, and Pending for None."""
    if isinstance(state, MetaState):
        state = state.state
    return Pending() if state is None else state


__all__ = [
    "Cached",
    "Cancelled",
    "Cancelling",
    "ClientFailed",
    "Failed",
    "Finished",
    "Looped",
    "Mapped",
    "MetaState",
    "Paused",
    "Pending",
    "Queued",
    "Resume",
    "Retrying",
    "Running",
    "Scheduled",
    "Skipped",
    "State",
    "Submitted",
    "Success",
    "TimedOut",
    "TriggerFailed",
    "ValidationFailed",
    "reduce_state",
    "unwrap",
    "without_result",
]
