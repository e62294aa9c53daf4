"""Signals: how running code chooses the state that its run gets.

Raise one in ``run``, in a trigger or in a state handler::

    raise signals.SKIP("nothing was published today")

Each stands for a state (``FAIL``, ``TRIGGERFAIL``, ``VALIDATIONFAIL``, ``SUCCESS``, ``SKIP``, ``RETRY``,
``PAUSE``, ``LOOP``); ``ENDRUN`` ends a run in any given state. They derive from ``BaseException`` so
that ``except Exception`` in a task does not swallow them. A state signal's ``result``, unless given,
is the signal itself, which is what a downstream task receives as data.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from nemflow.errors import DefinitionError
from nemflow.tasks import states
from nemflow.tasks.context import context_value
from nemflow.tasks.states import State


class Signal(BaseException):
    """The base of all signals."""


class ENDRUN(Signal):
    """End the run in the given state; no later step looks at it, so a Failed is not retried."""

    def __init__(self, state: State) -> None:
        super().__init__(str(state.message or ""))
        self.state = state


class StateSignal(Signal):
    """A signal that stands for a state.

    Args:
        message: the state's message.
        arguments: kept as the exception's own arguments.
        fields: passed to the state: ``result``, ``start_time`` and so on.
    """

    state_class: ClassVar[type[State]] = State

    def __init__(self, message: str | None = None, *arguments: object, **fields: object) -> None:
        super().__init__(message, *arguments)
        fields.setdefault("result", self)
        self.state = self.state_class(message, **fields)  # type: ignore[arg-type]  # the state checks them

    def __reduce__(self) -> tuple[object, ...]:
        # A state whose result is the signal travels without it: they would hold each other for ever.
        is_own_result = self.state.result is self
        state = states.without_result(self.state) if is_own_result else self.state
        return (_rebuild, (type(self), self.args, state, is_own_result))


def _rebuild(
    kind: type[StateSignal], arguments: tuple[str | None, ...], state: State, is_own_result: bool
) -> StateSignal:
    signal = kind(*arguments)
    signal.state = state
    if is_own_result:
        state.result = signal
    return signal


class FAIL(StateSignal):
    """The run failed."""

    state_class = states.Failed


class TRIGGERFAIL(StateSignal):
    """The run's trigger said no."""

    state_class = states.TriggerFailed


class VALIDATIONFAIL(StateSignal):
    """The run's value was looked at and found wrong."""

    state_class = states.ValidationFailed


class SUCCESS(StateSignal):
    """The run ended well; the value is ``result``."""

    state_class = states.Success


class SKIP(StateSignal):
    """The run is left out."""

    state_class = states.Skipped


class RETRY(StateSignal):
    """Try again at ``start_time`` (default now), even beyond ``max_retries``."""

    state_class = states.Retrying


class PAUSE(StateSignal):
    """Wait for a person or, with ``start_time``, until then."""

    state_class = states.Paused


class LOOP(StateSignal):
    """Run again, with ``context.task_loop_result`` set to ``result``."""

    state_class = states.Looped

    def __init__(self, message: str | None = None, *arguments: object, **fields: object) -> None:
        fields.setdefault("result", repr(self))
        super().__init__(message, *arguments, **fields)


def pause_task(message: str | None = None, duration: timedelta | None = None) -> None:
    """Pause the running task until a person resumes it, or for a while; go on when it was resumed.

    The task's ``run`` is called again from its beginning.

    Args:
        message: the message of the Paused state.
        duration: how long to wait; None for until a person says so.

    Raises:
        PAUSE: the task run was not resumed.
    """
    if not context_value("resume"):
        until = None if duration is None else datetime.now(UTC) + duration
        raise PAUSE(message or "the task paused itself", start_time=until)


_KINDS: tuple[type[StateSignal], ...] = (
    FAIL,
    TRIGGERFAIL,
    VALIDATIONFAIL,
    SUCCESS,
    SKIP,
    RETRY,
    PAUSE,
    LOOP,
)


def signal_from_state(state: State) -> type[StateSignal]:
    """Return the signal that stands for a state's class.

    Raises:
        DefinitionError: no signal stands for that class.
    """
    for kind in _KINDS:
        if kind.state_class is type(state):
            return kind
    raise DefinitionError(f"no signal stands for the state {type(state).__name__}")
