"""Adjustments move the events of a schedule after the filters have seen them.

An adjustment is a function from the event's time to the time of the run. A schedule keeps its events
sorted and unique although they move, without looking at all of them, because it knows how far an
adjustment goes: a plain function by a week at most, either way; wrap one that goes further in
``Adjustment``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nemflow.errors import DefinitionError
from nemflow.flows.schedules.wall_time import DAY, as_aware, shift_moment

_SATURDAY = 5
_WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A function that moves a moment, and how far it may move it.

    A wide span costs time: to give the first event, a schedule examines the clocks' events of the
    whole span before and after it.

    Attributes:
        function: takes an aware datetime in the clock's zone, returns the moved one.
        earliest: the least that it adds, in elapsed time; negative if it goes back.
        latest: the most that it adds, in elapsed time.
    """

    function: Callable[[datetime], datetime]
    earliest: timedelta = -_WEEK
    latest: timedelta = _WEEK

    def __call__(self, moment: datetime) -> datetime:
        """Return the moved moment.

        Raises:
            DefinitionError: the function goes further than it said.
            TypeError: the function did not return a datetime.
        """
        before = as_aware(moment, "the moment to adjust")
        moved = as_aware(self.function(before), f"what the adjustment {self.function!r} returns")
        shift = moved.astimezone(UTC) - before.astimezone(UTC)
        if not self.earliest <= shift <= self.latest:
            raise DefinitionError(
                f"the adjustment {self.function!r} moved {before} to {moved}, which is further than "
                f"from {self.earliest} to {self.latest}: wrap it in Adjustment(function, earliest, "
                "latest) with the span that it needs"
            )
        return moved


def as_adjustment(function: Callable[[datetime], datetime]) -> Adjustment:
    """Return a function as an adjustment; a plain one may go a week either way."""
    return function if isinstance(function, Adjustment) else Adjustment(function)


def add(interval: timedelta) -> Adjustment:
    """Move every event by an interval: below a day elapsed time, from a day on wall time.

    Raises:
        TypeError: that is no timedelta.
    """
    if not isinstance(interval, timedelta):
        raise TypeError(f"the interval to add must be a timedelta, not {interval!r}")
    # Between two wall times a change of clocks may lie: a day at most, where the date line moved.
    slack = timedelta() if abs(interval) < DAY else DAY
    return Adjustment(
        lambda moment: shift_moment(moment, interval), interval - slack, interval + slack
    )


def _to_next_weekday(moment: datetime) -> datetime:
    days_late = moment.weekday() - _SATURDAY
    return moment if days_late < 0 else shift_moment(moment, (2 - days_late) * DAY)


#: Move an event on Saturday or Sunday to the same wall time on Monday.
next_weekday = Adjustment(_to_next_weekday, timedelta(), 3 * DAY)
