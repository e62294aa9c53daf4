"""The states of runs that have yet to start: pending, waiting for a time, or wrapped in another state."""

from datetime import UTC, datetime

from nemflow.tasks.context import context_value
from nemflow.tasks.states.base import State, aware


class Pending(State):
    """The run has yet to start."""

    __slots__ = ()
    _is_pending = True
    color = "#d3d3d3"


class Scheduled(Pending):
    """The run is to start at ``start_time`` (aware; naive is read as UTC; default now)."""

    __slots__ = ("start_time",)
    _is_scheduled = True
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
        self.start_time = aware(start_time) or self._default_start_time()
        run_count = context_value("task_run_count")
        if run_count is not None:
            self.context.setdefault("task_run_count", run_count)

    def _default_start_time(self) -> datetime | None:
        return datetime.now(UTC)

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (self.result, self.start_time)


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
    _is_retrying = True
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
    _is_meta_state = True

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
    _is_submitted = True
    color = "#00bcd4"


class Queued(MetaState):
    """The run waits for a place and asks again at ``start_time``."""

    __slots__ = ("start_time",)
    _is_scheduled = True
    _is_queued = True
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
        self.start_time = aware(start_time) or datetime.now(UTC)

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (self.result, self.state, self.start_time)


class ClientFailed(MetaState):
    """The run's state could not be made known to those who asked for it."""

    __slots__ = ()
    color = "#eb0000"


def unwrap(state: State | None) -> State:
    """Return the state inside a meta state, any other state itself, and Pending for None."""
    if isinstance(state, MetaState):
        state = state.state
    return Pending() if state is None else state
