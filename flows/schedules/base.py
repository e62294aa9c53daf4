"""Schedule: when a flow runs.

::

    clocks ──> merged by time ──> filters ──> adjustments ──> sorted, each once ──> events

Everything is lazy: clocks may tick for ever. Instants are compared in UTC throughout, and every event
keeps the zone of its clock.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar, overload

from nemflow.errors import DefinitionError
from nemflow.flows.schedules.adjustments import as_adjustment
from nemflow.flows.schedules.events import Clock, ClockEvent
from nemflow.flows.schedules.filters import Filter
from nemflow.flows.schedules.ordering import in_order
from nemflow.flows.schedules.wall_time import as_instant, shift_instant

EXAMINED_AT_MOST = 10_000

T = TypeVar("T")


class Schedule:
    """Moments at which a flow runs: what clocks tick, less what filters reject, adjusted.

    An event is kept if all ``filters`` accept its time, one of ``or_filters`` does if there are any,
    and none of ``not_filters`` does. Adjustments are applied to what is kept, in order. Events of the
    same time, parameters and labels count once, before and after adjusting.

    Args:
        clocks: any number.
        filters: functions from an aware datetime to a bool.
        or_filters: likewise.
        not_filters: likewise.
        adjustments: functions from an aware datetime to another, see ``adjustments``.

    Raises:
        TypeError: the clocks are no list of clocks, or the functions no lists of functions.
    """

    def __init__(
        self,
        clocks: Iterable[Clock],
        filters: Iterable[Filter] | None = None,
        or_filters: Iterable[Filter] | None = None,
        not_filters: Iterable[Filter] | None = None,
        adjustments: Iterable[Callable[[datetime], datetime]] | None = None,
    ) -> None:
        self.clocks = _as_list(clocks, "clocks", lambda clock: isinstance(clock, Clock))
        self.filters = _as_list(filters or (), "filters", callable)
        self.or_filters = _as_list(or_filters or (), "or_filters", callable)
        self.not_filters = _as_list(not_filters or (), "not_filters", callable)
        self.adjustments = _as_list(adjustments or (), "adjustments", callable)

    @property
    def start_date(self) -> datetime | None:
        """The earliest start date among the clocks that have one."""
        dates = [clock.start_date for clock in self.clocks if clock.start_date]
        return min(dates, key=lambda date: date.astimezone(UTC), default=None)

    @property
    def end_date(self) -> datetime | None:
        """The latest end date among the clocks that have one."""
        dates = [clock.end_date for clock in self.clocks if clock.end_date]
        return max(dates, key=lambda date: date.astimezone(UTC), default=None)

    @overload
    def next(
        self, n: int, after: datetime | None = None, return_events: Literal[False] = False
    ) -> list[datetime]: ...

    @overload
    def next(
        self, n: int, after: datetime | None = None, *, return_events: Literal[True]
    ) -> list[ClockEvent]: ...

    @overload
    def next(
        self, n: int, after: datetime | None, return_events: Literal[True]
    ) -> list[ClockEvent]: ...

    def next(
        self, n: int, after: datetime | None = None, return_events: bool = False
    ) -> list[datetime] | list[ClockEvent]:
        """Return the next events, sorted; fewer if the clocks end.

        The search ends after 10,000 events of the clocks, whatever was found.

        Args:
            n: how many.
            after: all are strictly after it, as adjusted; default now. Naive is UTC.
            return_events: whether to return ClockEvents instead of their times.
        """
        past = _instant_or_now(after)
        candidates = _at_most(EXAMINED_AT_MOST, self._candidates(past), past)
        events = list(itertools.islice(self._adjusted(self._kept(candidates, past), past), n))
        return events if return_events else [event.start_time for event in events]

    def events(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        """Yield the events strictly after a moment, one by one, for as long as the clocks tick.

        Args:
            after: default now. Naive is UTC.

        Raises:
            DefinitionError: the filters rejected 10,000 events in a row.
        """
        past = _instant_or_now(after)
        return self._adjusted(self._kept(self._candidates(past), past), past)

    def _candidates(self, past: datetime) -> Iterator[ClockEvent]:
        """Yield what the clocks tick, from where an adjustment could still carry it over *past*."""
        start = shift_instant(past, -self._latest_shift())
        ticking = (clock.events(after=start) for clock in self.clocks)
        return _once(heapq.merge(*ticking, key=lambda event: event.instant))

    def _kept(self, candidates: Iterable[ClockEvent], past: datetime) -> Iterator[ClockEvent]:
        rejected = 0
        for event in candidates:
            if self._accepts(event.start_time):
                rejected = 0
                yield event
                continue
            rejected += event.instant > past
            if rejected > EXAMINED_AT_MOST:
                raise DefinitionError(
                    f"the schedule's filters reject {EXAMINED_AT_MOST:,} events in a row, up to "
                    f"{event.start_time}: widen them, or let the clocks tick less often"
                )

    def _accepts(self, moment: datetime) -> bool:
        return (
            all(accepts(moment) for accepts in self.filters)
            and (not self.or_filters or any(accepts(moment) for accepts in self.or_filters))
            and not any(rejects(moment) for rejects in self.not_filters)
        )

    def _adjusted(self, events: Iterable[ClockEvent], past: datetime) -> Iterator[ClockEvent]:
        """Yield the events after *past* as adjusted, in order and once."""
        moves = [as_adjustment(function) for function in self.adjustments]
        earliest = sum((move.earliest for move in moves), timedelta())

        def moved() -> Iterator[tuple[datetime, datetime, ClockEvent]]:
            for event in events:
                moment = event.start_time
                for move in moves:
                    moment = move(moment)
                arrived = ClockEvent(moment, event.parameter_defaults, event.labels)
                yield shift_instant(event.instant, earliest), arrived.instant, arrived

        return (event for event in _once(in_order(moved())) if event.instant > past)

    def _latest_shift(self) -> timedelta:
        return sum((as_adjustment(function).latest for function in self.adjustments), timedelta())


def _as_list(values: Iterable[T], name: str, fits: Callable[[T], bool]) -> list[T]:
    if not isinstance(values, Iterable):
        raise TypeError(f"a schedule's {name} must be a list, not {values!r}")
    listed = list(values)
    for value in listed:
        if not fits(value):
            raise TypeError(f"{value!r} cannot be one of a schedule's {name}")
    return listed


def _instant_or_now(after: datetime | None) -> datetime:
    return datetime.now(UTC) if after is None else as_instant(after, "after")


def _once(events: Iterable[ClockEvent]) -> Iterator[ClockEvent]:
    """Leave out events that equal another of the same instant; the events are sorted."""
    together: list[ClockEvent] = []
    for event in events:
        if together and together[0].instant != event.instant:
            together.clear()
        if event not in together:
            together.append(event)
            yield event


def _at_most(limit: int, events: Iterable[ClockEvent], past: datetime) -> Iterator[ClockEvent]:
    """End after so many events later than *past*."""
    examined = 0
    for event in events:
        examined += event.instant > past
        if examined > limit:
            return
        yield event
