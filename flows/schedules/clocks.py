"""All clocks: at equal intervals, by a cron expression, on given dates, by a recurrence rule."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from nemflow.errors import DefinitionError
from nemflow.flows.schedules.cron import CronClock
from nemflow.flows.schedules.events import Clock, ClockEvent
from nemflow.flows.schedules.recurrence import RRuleClock
from nemflow.flows.schedules.wall_time import DAY, as_aware, at_wall

__all__ = ["Clock", "ClockEvent", "CronClock", "DatesClock", "IntervalClock", "RRuleClock"]

_DEFAULT_START = datetime(2019, 1, 1, tzinfo=UTC)


class IntervalClock(Clock):
    """A clock that ticks at its start date and then at equal intervals.

    Through daylight saving, in the zone of the start date: an interval below a day follows elapsed
    time, so that an hourly clock ticks every hour whatever the clocks show. A day or more keeps the
    wall clock, so that a daily clock that began at 9:00 ticks at 9:00; a wall time that clocks skip
    moves forward by what they skip, one that comes twice ticks the first time.

    Args:
        interval: from tick to tick.
        start_date: the first tick; default 2019-01-01 00:00 UTC.
        end_date: no tick after it.
        parameter_defaults: values of the flow's parameters, for every event.
        labels: for every event.

    Raises:
        TypeError: the interval is no timedelta, or a date no datetime.
        DefinitionError: the interval is not greater than 0.
    """

    def __init__(
        self,
        interval: timedelta,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: Mapping[str, object] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        if not isinstance(interval, timedelta):
            raise TypeError(f"the interval of a clock must be a timedelta, not {interval!r}")
        if interval <= timedelta():
            raise DefinitionError(f"the interval of a clock must be greater than 0, not {interval}")
        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.interval = interval

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the start date plus k intervals, from a UTC instant on."""
        start = self.start_date or _DEFAULT_START
        first = start.astimezone(UTC)
        # Wall time departs from elapsed time by a day and an hour at most: two intervals of a day
        # and more before the instant nothing is missed.
        count = max((after - first) // self.interval - 2, 0)
        if count == 0:
            yield first.astimezone(self.zone)
        for k in itertools.count(max(count, 1)):
            if self.interval < DAY:
                yield (first + k * self.interval).astimezone(self.zone)
            else:
                yield at_wall(start.replace(tzinfo=None) + k * self.interval, self.zone)


class DatesClock(Clock):
    """A clock that ticks at given moments, each in its own zone; naive ones are UTC.

    Args:
        dates: in any order, at least one.
        parameter_defaults: values of the flow's parameters, for every event.
        labels: for every event.

    Raises:
        DefinitionError: there is no date.
        TypeError: a date is no datetime.
    """

    def __init__(
        self,
        dates: Iterable[datetime],
        parameter_defaults: Mapping[str, object] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        self.dates = sorted(
            (as_aware(date, "a date") for date in dates), key=lambda date: date.astimezone(UTC)
        )
        if not self.dates:
            raise DefinitionError("a clock of dates needs at least one date")
        super().__init__(self.dates[0], self.dates[-1], parameter_defaults, labels)

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the dates."""
        yield from self.dates
