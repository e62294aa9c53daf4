"""Cache validators: whether a value that was computed before may stand for a new run.

A validator takes a Cached state, the inputs of the run and the parameters of the flow run, and returns
whether the state's value is still good. All of them look at the expiry first::

    @task(cache_for=timedelta(hours=1), cache_validator=caching.all_inputs)
"""

import pickle
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from nemflow.tasks.states import Cached


class Cache(Protocol):
    """Where Cached states are kept for later runs."""

    def load(self, key: str) -> list[Cached]:
        """Return what is kept under a key, newest first."""

    def keep(self, key: str, state: Cached) -> None:
        """Keep a state under a key."""


class MemoryCache:
    """Keeps Cached states in this process; what has expired is let go when its key is used again."""

    def __init__(self) -> None:
        self._states: dict[str, list[Cached]] = {}
        self._lock = threading.Lock()

    def load(self, key: str) -> list[Cached]:
        """Return what is kept under a key, newest first."""
        return list(self._states.get(key, ()))

    def keep(self, key: str, state: Cached) -> None:
        """Keep a state under a key."""
        with self._lock:
            self._states[key] = [state, *(s for s in self.load(key) if duration_only(s, {}, {}))]

    def __reduce__(self) -> tuple[object, ...]:
        return (MemoryCache, ())  # in another process it starts empty


Validator = Callable[[Cached, Mapping[str, object], Mapping[str, object]], bool]


def fingerprint(value: object) -> str:
    """Return a text that is equal for equal values: what a Cached state keeps of an input.

    A value that cannot be pickled has none that lasts: its own identity is taken.
    """
    try:
        data = pickle.dumps(value, protocol=5)
    except Exception:  # whatever a user's object does when it is pickled
        try:
            import cloudpickle  # type: ignore[import-untyped]  # no stubs; takes 30 ms to import, and few values need it

            data = cloudpickle.dumps(value)
        except Exception:  # as above
            return f"id-{id(value)}"
    import hashlib  # where it is used: OpenSSL takes a while to load

    return hashlib.sha256(data).hexdigest()


def never_use(
    state: Cached, inputs: Mapping[str, object], parameters: Mapping[str, object]
) -> bool:
    """Never use a cached value."""
    return False


def duration_only(
    state: Cached, inputs: Mapping[str, object], parameters: Mapping[str, object]
) -> bool:
    """Use a cached value until it expires; one without an expiry for ever."""
    expiry = state.cached_result_expiration
    return expiry is None or expiry > datetime.now(UTC)


def all_inputs(
    state: Cached, inputs: Mapping[str, object], parameters: Mapping[str, object]
) -> bool:
    """Use a cached value while every input is what it was."""
    return duration_only(state, inputs, parameters) and _same_inputs(state, inputs, inputs.keys())


def all_parameters(
    state: Cached, inputs: Mapping[str, object], parameters: Mapping[str, object]
) -> bool:
    """Use a cached value while every parameter of the flow run is what it was."""
    return duration_only(state, inputs, parameters) and state.cached_parameters == dict(parameters)


def partial_inputs_only(validate_on: Iterable[str] | None = None) -> Validator:
    """Make a validator that looks at some inputs; None means at none."""
    keys = frozenset(validate_on or ())

    def partial_inputs(
        state: Cached, inputs: Mapping[str, object], parameters: Mapping[str, object]
    ) -> bool:
        return duration_only(state, inputs, parameters) and _same_inputs(state, inputs, keys)

    return partial_inputs


def partial_parameters_only(validate_on: Iterable[str] | None = None) -> Validator:
    """Make a validator that looks at some parameters; None means at none."""
    keys = frozenset(validate_on or ())

    def partial_parameters(
        state: Cached, inputs: Mapping[str, object], parameters: Mapping[str, object]
    ) -> bool:
        known = state.cached_parameters or {}
        same = all(known.get(key) == parameters.get(key) for key in keys)
        return duration_only(state, inputs, parameters) and same

    return partial_parameters


def _same_inputs(state: Cached, inputs: Mapping[str, object], keys: Iterable[str]) -> bool:
    known = state.hashed_inputs or {}
    return all(
        key in known and key in inputs and known[key] == fingerprint(inputs[key]) for key in keys
    )
