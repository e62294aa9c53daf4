"""Parcels: how calls travel to another process, and what comes back.

A call and its arguments are packed by cloudpickle, so that functions of scripts and notebooks travel
too. Where something else is better sent in the place of an object, it is:

* a value that is kept where the other process can read it travels as its location, both ways; it is
  read there when somebody first asks for it (``Result.for_travel``). Tables go by their files;
* an exception in a state that cannot be pickled becomes its text;
* a ``Listener`` stays here. What it would hear there comes back as *notes*, small packets that go ahead
  of the answer; so do the records of loggers. A lost note is no failure.

Only this module knows what is in the bytes. It imports cloudpickle, hence it is imported late.
"""

import io
import logging
import logging.handlers
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, NamedTuple

import cloudpickle  # type: ignore[import-untyped]  # it has no stubs

from nemflow.flows.executors.base import CallLost, CallNotSent
from nemflow.results.base import Result
from nemflow.tasks.context import RUNNERS
from nemflow.tasks.states import State, reduce_state
from nemflow.tasks.task_run import Listener, TaskRun

PROGRESS_EVERY_S = 0.1

# Those whose level is set here and there: what nobody wants to hear here is not made up elsewhere.
_LOGGERS = ("nemflow", *sorted(RUNNERS))

log = logging.getLogger(__name__)
Tell = Callable[[bytes], None]
_tell: ContextVar[Tell] = ContextVar("nemflow_tell")


class Parcel(NamedTuple):
    """A packed call, and what its sender keeps in mind of it.

    Attributes:
        data: the call, for ``run_parcel``.
        name: what to call it: the slug of its task.
        tags: the tags of its task.
        listener: who hears of it here.
    """

    data: bytes
    name: str
    tags: frozenset[str]
    listener: Listener | None


def pack(call: Callable[..., Any], arguments: tuple[Any, ...]) -> Parcel:
    """Pack a call.

    Raises:
        CallNotSent: something in it cannot be pickled.
    """
    levels = {name: logging.getLogger(name).getEffectiveLevel() for name in _LOGGERS}
    try:
        data = dump((levels, call, arguments))
    except Exception as error:  # whatever a user's object does when it is pickled
        raise CallNotSent(f"cannot be sent to another process: {error}") from error
    listener = next((one for one in arguments if isinstance(one, Listener)), None)
    run = next((one for one in arguments if isinstance(one, TaskRun)), None)
    if run is None:
        return Parcel(data, "call", frozenset(), listener)
    return Parcel(data, run.slug, run.task.tags, listener)


def run_parcel(data: bytes, tell: Tell) -> bytes:
    """Run a packed call in this process; return the answer, packed: its outcome or its error.

    Args:
        data: what ``pack`` has made.
        tell: takes notes, maybe from several threads, and sends them to where the call came from.
    """
    token = _tell.set(tell)
    try:
        with _logging_to(tell):
            return _answer(data)
    finally:
        _tell.reset(token)


def _answer(data: bytes) -> bytes:
    try:
        levels, call, arguments = pickle.loads(data)
    except Exception as error:  # whatever a user's object does when it is unpickled
        return dump((None, CallLost(_not_unpacked(error))))
    _set_levels(levels)
    try:
        outcome = call(*arguments)
    except BaseException as error:  # raised again in the process of the flow run
        return _dump_error(error)
    try:
        return dump((outcome, None))
    except Exception as error:  # as above
        message = (
            f"what came of it cannot be sent back: {error}; return something that can be pickled"
        )
        return dump((None, CallLost(message)))


def _set_levels(levels: Mapping[str, int]) -> None:
    for name, level in levels.items():
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() != level:  # in the process of the flow run it is the same
            logger.setLevel(level)


def _not_unpacked(error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"its code is not where it was to run ({error}): install it there"
    return f"it cannot be unpacked where it was to run: {error!r}"


def _dump_error(error: BaseException) -> bytes:
    try:
        answer = dump((None, error))
        pickle.loads(answer)
    except Exception:  # as above
        return dump((None, CallLost(f"it raised {error!r}, which cannot be sent back")))
    return answer


def unpack(answer: bytes) -> tuple[Any, BaseException | None]:
    """Return the outcome and the error, one of them None, from what ``run_parcel`` has returned."""
    try:
        outcome, error = pickle.loads(answer)
    except Exception as unpickling:  # as above
        return None, CallLost(f"what came of it cannot be read here: {unpickling!r}")
    return outcome, error


def deliver(note: bytes, listener: Listener | None) -> None:
    """Pass on a note: to the listener of the call that it came from, or to a logger."""
    try:
        kind, facts = pickle.loads(note)
    except Exception as error:  # whatever a user's object does when it is unpickled
        log.debug("a note cannot be read here: %r", error)
        return
    if kind == "log":
        logger = logging.getLogger(facts.name)
        if logger.isEnabledFor(facts.levelno):
            logger.handle(facts)
    elif listener is not None:
        getattr(listener, kind)(*facts)


def dump(value: object) -> bytes:
    """Pickle a value for the way to another process."""
    file = io.BytesIO()
    _Pickler(file).dump(value)
    return file.getvalue()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # it has no stubs
    """Puts in the place of some objects what is better sent."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Result):
            return obj.for_travel().__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        if isinstance(obj, State):
            return reduce_state(obj, cloudpickle.dumps)
        if isinstance(obj, Listener):
            return (_listener_there, ())
        return super().reducer_override(obj)


def _listener_there() -> Listener:
    return _FarListener(_tell.get())


class _FarListener(Listener):
    """Stands for a listener in another process; of progress it sends what a person can follow."""

    __slots__ = ("_next_progress", "_tell")

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._next_progress = 0.0

    def state(self, state: State) -> None:
        _send_note(self._tell, "state", (state,))

    def progress(self, done: int, total: int | None, unit: str) -> None:
        now = time.monotonic()
        if now >= self._next_progress or done == total:
            self._next_progress = now + PROGRESS_EVERY_S
            _send_note(self._tell, "progress", (done, total, unit))


@contextmanager
def _logging_to(tell: Tell) -> Iterator[None]:
    """Send the records that are made inside the block, in this context, as notes."""
    handler = _NoteHandler(tell)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class _NoteHandler(logging.handlers.QueueHandler):
    """Sends records as notes; those of other calls in this process are left to their handlers."""

    def __init__(self, tell: Tell) -> None:
        super().__init__(tell)  # type: ignore[arg-type]  # enqueue below is all that uses it
        self._tell = tell

    def filter(self, record: logging.LogRecord) -> bool:
        return _tell.get(None) is self._tell

    def enqueue(self, record: logging.LogRecord) -> None:
        _send_note(self._tell, "log", record)


def _send_note(tell: Tell, kind: str, facts: object) -> None:
    with suppress(Exception):  # what cannot be pickled is lost, as a note may be
        tell(dump((kind, facts)))
