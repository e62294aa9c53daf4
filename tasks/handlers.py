"""State handlers: user code that hears of each change of state and may put another state in its place."""

import logging
from collections.abc import Iterable
from typing import Any

from nemflow.tasks import signals, states
from nemflow.tasks.options import StateHandler
from nemflow.tasks.states import State

log = logging.getLogger(__name__)


class HandlerStopped(Exception):
    """A handler ended the run: by ENDRUN or PAUSE, or because it failed. Carries the final state."""

    def __init__(self, state: State) -> None:
        super().__init__(str(state.message))
        self.state = state


def call_handlers(
    handlers: Iterable[StateHandler], obj: Any, old_state: State, new_state: State
) -> State:
    """Call the handlers in order, each with the state that the one before returned.

    A handler that returns None keeps the state; one that raises a signal replaces it.

    Raises:
        HandlerStopped: a handler raised ENDRUN or PAUSE, or failed; nothing is retried after that.
    """
    for handler in handlers:
        try:
            new_state = handler(obj, old_state, new_state) or new_state
        except (signals.ENDRUN, signals.PAUSE) as signal:
            raise HandlerStopped(signal.state) from signal
        except signals.StateSignal as signal:
            new_state = signal.state
        except Exception as error:
            log.exception("a state handler of %r failed", getattr(obj, "name", obj))
            message = f"a state handler failed: {error!r}"
            raise HandlerStopped(states.Failed(message, result=error)) from error
    return new_state
