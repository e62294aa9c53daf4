"""Filters say which events of the clocks a schedule keeps: functions from the event's time to a bool.

They see the time before it is adjusted, in the zone of its clock; days and times of day are those of
that zone.
"""

import calendar
from collections.abc import Callable
from datetime import datetime, time

from nemflow.errors import DefinitionError
from nemflow.flows.schedules.wall_time import as_instant

Filter = Callable[[datetime], bool]

_SATURDAY = 5


def on_datetime(dt: datetime) -> Filter:
    """Keep the events at one instant. Naive is UTC.

    Raises:
        TypeError: that is no datetime.
    """
    instant = as_instant(dt, "dt")
    return lambda moment: as_instant(moment, "moment") == instant


def between_datetimes(start: datetime, end: datetime) -> Filter:
    """Keep the events from one instant to another, both included. Naive is UTC.

    Raises:
        TypeError: one is no datetime.
    """
    first, last = as_instant(start, "start"), as_instant(end, "end")
    return lambda moment: first <= as_instant(moment, "moment") <= last


def on_date(month: int, day: int) -> Filter:
    """Keep the events on one day of every year.

    Raises:
        DefinitionError: there is no such month or day.
    """
    _check_day(month, day)
    return lambda moment: (moment.month, moment.day) == (month, day)


def between_dates(start_month: int, start_day: int, end_month: int, end_day: int) -> Filter:
    """Keep the events of a part of every year, both days included.

    The part reaches over the new year if the start month is after the end month; within one month a
    start day after the end day keeps nothing.

    Raises:
        DefinitionError: there is no such month or day.
    """
    first, last = (start_month, start_day), (end_month, end_day)
    _check_day(*first)
    _check_day(*last)
    if start_month <= end_month:
        return lambda moment: first <= (moment.month, moment.day) <= last
    return lambda moment: (moment.month, moment.day) >= first or (moment.month, moment.day) <= last


def at_time(t: time) -> Filter:
    """Keep the events at one time of day, exact to the microsecond.

    Raises:
        TypeError: that is no time.
        DefinitionError: the time has a zone; the clock's counts.
    """
    _check_time(t)
    return lambda moment: moment.time() == t


def between_times(start: time, end: time) -> Filter:
    """Keep the events from one time of day to another, both included; over midnight if start > end.

    Raises:
        TypeError: one is no time.
        DefinitionError: a time has a zone; the clock's counts.
    """
    _check_time(start)
    _check_time(end)
    if start <= end:
        return lambda moment: start <= moment.time() <= end
    return lambda moment: moment.time() >= start or moment.time() <= end


def is_weekday(dt: datetime) -> bool:
    """Keep the events from Monday to Friday."""
    return dt.weekday() < _SATURDAY


def is_weekend(dt: datetime) -> bool:
    """Keep the events on Saturday and Sunday."""
    return dt.weekday() >= _SATURDAY


def is_month_start(dt: datetime) -> bool:
    """Keep the events on the first day of a month."""
    return dt.day == 1


def is_month_end(dt: datetime) -> bool:
    """Keep the events on the last day of a month."""
    return dt.day == calendar.monthrange(dt.year, dt.month)[1]


def is_day_of_week(day_of_week: int) -> Filter:
    """Keep the events on one day of the week, from 0 for Monday to 6 for Sunday.

    Prefect Core's documentation begins the week with Sunday, what it does begins with Monday: so does
    this.

    Raises:
        DefinitionError: there is no such day.
    """
    if day_of_week not in range(7):
        raise DefinitionError(f"day {day_of_week!r} of the week: say 0 (Monday) to 6 (Sunday)")
    return lambda moment: moment.weekday() == day_of_week


def _check_day(month: int, day: int) -> None:
    if month not in range(1, 13) or day not in range(1, 32):
        raise DefinitionError(f"there is no day {day!r} in month {month!r}: count both from 1")


def _check_time(t: time) -> None:
    if not isinstance(t, time):
        raise TypeError(f"a time of day must be a datetime.time, not {t!r}")
    if t.tzinfo is not None:
        raise DefinitionError(f"the time of day {t} has a zone: leave it out, the clock's counts")
