"""ClockEvent and Clock: a moment for a run, and what brings such moments forth."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from nemflow.flows.schedules.wall_time import as_aware, as_instant, shift_instant


class ClockEvent:
    """A moment at which a flow is to run, with what the run is given.

    Events are ordered by time alone. Two events are equal if time, parameters and labels are;
    an event equals a datetime of the same instant, in whatever zone.

    Args:
        start_time: when; a naive datetime is read as UTC, a wall time that clocks skip moves forward
            by what they skip.
        parameter_defaults: values of the flow's parameters; they win over those given to the run.
        labels: of the run.

    Attributes:
        instant: the start time in UTC.

    Raises:
        TypeError: the start time is no datetime.

    >>> ClockEvent(datetime(2014, 1, 1, 6)) < datetime(2014, 1, 1, 7, tzinfo=UTC)
    True
    """

    __slots__ = ("instant", "labels", "parameter_defaults", "start_time")

    def __init__(
        self,
        start_time: datetime,
        parameter_defaults: Mapping[str, object] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        given = as_aware(start_time, "start_time")
        self.instant = given.astimezone(UTC)
        self.start_time = self.instant.astimezone(given.tzinfo)
        self.parameter_defaults = dict(parameter_defaults or {})
        self.labels = None if labels is None else list(labels)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ClockEvent):
            return (
                self.instant == other.instant
                and self.parameter_defaults == other.parameter_defaults
                and self.labels == other.labels
            )
        if isinstance(other, datetime):
            return self.instant == as_instant(other, "other")
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.instant)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, ClockEvent | datetime):
            return NotImplemented
        return self.instant < _instant_of(other)

    def __le__(self, other: object) -> bool:
        if not isinstance(other, ClockEvent | datetime):
            return NotImplemented
        return self.instant <= _instant_of(other)

    def __gt__(self, other: object) -> bool:
        if not isinstance(other, ClockEvent | datetime):
            return NotImplemented
        return self.instant > _instant_of(other)

    def __ge__(self, other: object) -> bool:
        if not isinstance(other, ClockEvent | datetime):
            return NotImplemented
        return self.instant >= _instant_of(other)

    def __repr__(self) -> str:
        return f"<ClockEvent: {self.start_time.isoformat()}>"


def _instant_of(other: ClockEvent | datetime) -> datetime:
    return other.instant if isinstance(other, ClockEvent) else as_instant(other, "other")


class Clock:
    """What all clocks share: the span in which they tick, and what their events carry.

    A clock of your own says its ``moments``.

    Args:
        start_date: no event lies before it; its zone is the clock's, UTC without it. Naive is UTC.
        end_date: no event lies after it. Naive is UTC.
        parameter_defaults: values of the flow's parameters, for every event.
        labels: for every event.

    Raises:
        TypeError: a date is no datetime.
    """

    def __init__(
        self,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: Mapping[str, object] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        self.start_date = None if start_date is None else as_aware(start_date, "start_date")
        self.end_date = None if end_date is None else as_aware(end_date, "end_date")
        self.parameter_defaults = dict(parameter_defaults or {})
        self.labels = None if labels is None else list(labels)

    @property
    def zone(self) -> tzinfo:
        """The zone in whose wall time the clock ticks."""
        return (self.start_date and self.start_date.tzinfo) or UTC

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the clock's moments, sorted, from a UTC instant on or from a little before it."""
        raise NotImplementedError(f"{type(self).__name__} does not say its moments")

    def events(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        """Yield the events strictly after a moment, sorted, no instant twice.

        Args:
            after: default now. A naive datetime is read as UTC.
        """
        last = datetime.now(UTC) if after is None else as_instant(after, "after")
        if self.start_date is not None:  # which counts itself
            start = shift_instant(self.start_date.astimezone(UTC), -timedelta.resolution)
            last = max(last, start)
        end = None if self.end_date is None else self.end_date.astimezone(UTC)
        with contextlib.suppress(OverflowError):  # the calendar ends with the year 9999
            for moment in self.moments(last):
                event = ClockEvent(moment, self.parameter_defaults, self.labels)
                if end is not None and event.instant > end:
                    return
                if event.instant > last:
                    last = event.instant
                    yield event
