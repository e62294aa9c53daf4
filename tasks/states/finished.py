"""The states of runs that are under way or have ended."""

from collections.abc import Iterable
from datetime import datetime

from nemflow.results.base import NO_VALUE
from nemflow.tasks.context import context_value
from nemflow.tasks.states.base import State, as_result, aware


class Running(State):
    """The run is under way."""

    __slots__ = ()
    _is_running = True
    color = "#3d67ff"


class Cancelling(Running):
    """The run is under way and was told to stop."""

    __slots__ = ()
    color = "#bdbdbd"


class Finished(State):
    """The run has ended."""

    __slots__ = ()
    _is_finished = True
    color = "#ba1aff"


class Success(Finished):
    """The run ended well."""

    __slots__ = ()
    _is_successful = True
    color = "#27b14c"


class Cached(Success):
    """The value was there already: a target on disk, or a cache that is still valid."""

    __slots__ = ("cached_parameters", "cached_result_expiration", "hashed_inputs")
    _is_cached = True
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
        State.__init__(
            self, message, result, context, cached_inputs
        )  # less to look up than super()
        self.hashed_inputs = hashed_inputs
        self.cached_parameters = cached_parameters
        self.cached_result_expiration = cached_result_expiration and aware(cached_result_expiration)

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
    _is_mapped = True
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
        self._result = as_result(value)

    def fields(self) -> tuple[object, ...]:
        """See ``State.fields``."""
        return (self.result, self.map_states, self.n_map_states)


class Skipped(Success):
    """The run was left out."""

    __slots__ = ()
    _is_skipped = True
    color = "#62757f"


class Failed(Finished):
    """The run failed; ``result`` is the exception."""

    __slots__ = ()
    _is_failed = True
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
    _is_looped = True
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
