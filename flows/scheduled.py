"""The loop of a flow with a schedule: sleep to the next event, run to the end, go on.

::

    events ──> passed while a run was busy? ──> sleep until due ──> run ──┐
       ▲            dropped, unless catching up                           │
       └──────────────────────────────────────────────────────────────────┘
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType

from nemflow.errors import DefinitionError
from nemflow.flows.schedules.base import Schedule
from nemflow.flows.schedules.events import ClockEvent
from nemflow.flows.schedules.wall_time import as_instant
from nemflow.tasks.states import State

# The longest single sleep: no far-off event overflows it, a machine that was suspended is soon right
# again, and a wish to stop is soon heard.
SLICE_S = 10.0

_log = logging.getLogger(__name__)


def run_on_schedule(
    run_once: Callable[[ClockEvent], State],
    schedule: Schedule,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], object],
    catchup: bool = False,
    since: datetime | None = None,
    stop: Callable[[], bool],
) -> State | None:
    """Run at every event of a schedule, one run at a time, until the events end.

    An event that passes while an earlier one's run is busy is dropped; events of the very same moment
    do not pass each other, each is run. With ``catchup`` every event is run, late if need be, in order.

    Whatever ``run_once`` and ``sleep`` raise ends the loop: a KeyboardInterrupt does, and the exception
    that a handler of SIGTERM raises.

    Args:
        run_once: makes a run of its own for the event, with the event's parameters, and returns its
            final state.
        schedule: when to run.
        now: the present moment, aware.
        sleep: waits some seconds, 10 at most.
        catchup: whether missed events are run afterwards.
        since: with ``catchup``: the moment after which an event counts as missed; default now.
        stop: asked before every run and between sleeps whether to end.

    Returns the state of the last run; None if stopped before the first.

    Raises:
        DefinitionError: the schedule has no event to begin with; ``since`` without ``catchup``; the
            schedule's filters reject 10,000 events in a row.
    """
    if since is not None and not catchup:
        raise DefinitionError("since= says which missed events to run: give catchup=True with it")
    start = as_instant(now() if since is None else since, "since")
    last: ClockEvent | None = None
    state: State | None = None
    for event in schedule.events(start):
        if last is not None and not catchup and last < event <= now():
            _log.info("the event of %s passed while a run was busy: dropped", event.start_time)
            continue
        if not _sleep_until(event, now, sleep, stop):
            return state
        state = run_once(event)
        last = event
    if last is None:
        raise DefinitionError(f"the schedule has no event after {start}: nothing would ever run")
    return state


def _sleep_until(
    event: ClockEvent,
    now: Callable[[], datetime],
    sleep: Callable[[float], object],
    stop: Callable[[], bool],
) -> bool:
    """Return whether the event came: True when it is due, False when asked to stop before."""
    while not stop():
        left_s = (event.instant - now().astimezone(UTC)).total_seconds()
        if left_s <= 0:
            return True
        sleep(min(left_s, SLICE_S))
    return False


def run_flow_on_schedule(
    run_once: Callable[[Mapping[str, object], Mapping[str, object]], State],
    schedule: Schedule,
    parameters: Mapping[str, object],
    context: Mapping[str, object],
    *,
    catchup: bool,
    since: datetime | None,
) -> State:
    """Run a flow at every event of its schedule, by the clock of this machine.

    The parameters of an event win over the given ones; ``context.scheduled_start_time`` is the event's
    time. SIGTERM ends the loop, and a run under way, as Ctrl-C does, with exit code 143, unless the
    program has a handler of its own.

    Raises:
        DefinitionError: as ``run_on_schedule``.
    """

    def run_event(event: ClockEvent) -> State:
        moment = {"scheduled_start_time": event.start_time}
        return run_once({**parameters, **event.parameter_defaults}, {**context, **moment})

    with _leaving_on_sigterm():
        last = run_on_schedule(
            run_event,
            schedule,
            now=lambda: datetime.now(UTC),
            sleep=time.sleep,
            catchup=catchup,
            since=since,
            stop=lambda: False,
        )
    assert last is not None  # a schedule without events is an error, and nobody stops the loop
    return last


@contextmanager
def _leaving_on_sigterm() -> Iterator[None]:
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
