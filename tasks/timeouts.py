"""Timeouts: a task's ``run`` is stopped when its time is up.

* In the main thread of a process an alarm interrupts it, even in the middle of a system call.
* In another thread nothing can interrupt it, so it runs in a process of its own, which is killed. The
  start of that process and the import of what it needs count as well; the function and its inputs are
  sent by cloudpickle, and ``__main__`` is imported anew: a script needs its main guard.
* Where no process may be started (in a daemonic one) it runs in a thread that is left behind when the
  time is up: the state is TimedOut, but the code goes on. A warning says so.
"""

import contextvars
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from nemflow.tasks.context import Scope, current_scope, enter_scope
from nemflow.tasks.signals import Signal


class TimeIsUp(Signal):
    """The task took longer than its timeout; a signal, so that the task does not swallow it."""


def run_in_time(function: Callable[..., Any], inputs: Mapping[str, Any], timeout_s: float) -> Any:
    """Call a function; stop it when the time is up.

    Raises:
        TimeIsUp: it took longer.
    """
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        with _alarm(timeout_s):
            return function(**inputs)
    import multiprocessing  # heavy, and most tasks have no timeout

    if multiprocessing.current_process().daemon:
        return _run_in_thread(function, inputs, timeout_s)
    return _run_in_process(function, inputs, timeout_s)


def _too_long(timeout_s: float) -> TimeIsUp:
    return TimeIsUp(f"took longer than its timeout of {timeout_s:g} s")


@contextmanager
def _alarm(timeout_s: float) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise _too_long(timeout_s)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:  # in a block of its own: the alarm may ring while it is being turned off
        signal.signal(signal.SIGALRM, before)


def _run_in_process(
    function: Callable[..., Any], inputs: Mapping[str, Any], timeout_s: float
) -> Any:
    import multiprocessing  # as above

    import cloudpickle  # type: ignore[import-untyped]  # no stubs; heavy as well

    scope = current_scope()
    work = cloudpickle.dumps((function, dict(inputs), scope.flatten() if scope else {}))
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_work_in_process, args=(work, there), daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(timeout_s):
            raise _too_long(timeout_s)
        ended_well, outcome = cloudpickle.loads(here.recv_bytes())
    except EOFError:
        process.join()
        raise RuntimeError(f"the task's process ended with code {process.exitcode}") from None
    finally:
        process.kill()
        process.join()
        here.close()
    if not ended_well:
        raise outcome
    return outcome


def _work_in_process(work: bytes, answer: Any) -> None:
    import cloudpickle

    try:
        function, inputs, values = cloudpickle.loads(work)
        enter_scope(Scope(values))
        outcome = (True, function(**inputs))
    except BaseException as error:  # signals of the engine travel too
        outcome = (False, error)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # the process is killed as soon as its answer is there
    answer.send_bytes(_pack(outcome))


def _pack(outcome: tuple[bool, Any]) -> bytes:
    """Pickle what became of the call; of what cannot travel, its words."""
    import cloudpickle

    try:
        packed: bytes = cloudpickle.dumps(outcome)
        cloudpickle.loads(packed)  # an exception may pickle well and yet not come back
        return packed
    except Exception as error:  # whatever a user's object does when it is pickled
        ended_well, value = outcome
        words = f"the task's value cannot leave its process: {error!r}"
        instead = RuntimeError(words if ended_well else repr(value))
        return cloudpickle.dumps((False, instead))  # type: ignore[no-any-return]  # no stubs


def _run_in_thread(
    function: Callable[..., Any], inputs: Mapping[str, Any], timeout_s: float
) -> Any:
    warnings.warn(
        "a timeout in a daemonic process cannot stop the task: it is left running when its time is up",
        stacklevel=2,
    )
    outcomes: list[tuple[bool, Any]] = []

    def work() -> None:
        try:
            outcomes.append((True, function(**inputs)))
        except BaseException as error:  # raised again in the thread that waits
            outcomes.append((False, error))

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), daemon=True)
    thread.start()
    thread.join(timeout_s)
    if not outcomes:
        raise _too_long(timeout_s)
    ended_well, outcome = outcomes[0]
    if not ended_well:
        raise outcome
    return outcome
